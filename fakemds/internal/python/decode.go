package python

import (
	"bytes"
	"encoding/json"
	"errors"
)

const maxDepth = 990 // Python's recursion limit is 1000 frames, some are in use

// Decode reads JSON as jsonobject does, the agent's decoder. An Error says what it
// says of other bytes.
func Decode(body []byte) (any, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if len(body) == 0 {
		return nil, Errorf("Cannot compile string: None to a jsonobject")
	}
	bad := Errorf("Cannot compile string: %s to a jsonobject", body)
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, bad
	}
	if dec.More() {
		return nil, bad
	}
	if err := checkNested(v, 0); err != nil {
		if errors.Is(err, errTooDeep) {
			return nil, bad
		}
		return nil, err
	}
	return v, nil
}

var errTooDeep = errors.New("too deep")

// checkNested refuses what jsonobject cannot turn into objects: null in a list.
func checkNested(v any, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if e == nil {
				return Errorf("Cannot parse object: None, type: <class 'NoneType'>, list dump: %s", Repr(v))
			}
			if err := checkNested(e, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, e := range v {
			if err := checkNested(e, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
