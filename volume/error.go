package volume

import "errors"

// ErrNotFound: the pool or volume does not exist.
var ErrNotFound = errors.New("not found")
