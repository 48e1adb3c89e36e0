// Package fakemds is a fake cluster of ZBS metadata servers to test against.
package fakemds
