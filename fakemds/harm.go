package fakemds

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Harm is a change of a node or of the storage that the caller did not ask for,
// or a password that reached a place that does not need it.
type Harm struct {
	Node     string // address of the node
	Endpoint string // like "volume/delete", also one that the node does not have
	Request  int    // ID of the Request that did it
	What     string // in words, without the password
	At       time.Time
}

// holdsPassword reports whether a body has a password in it: a field whose name says
// so, or that word anywhere in a body that is no JSON.
func holdsPassword(body []byte) bool {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return strings.Contains(strings.ToLower(string(body)), "password")
	}
	return hasPassword(v)
}

func hasPassword(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, hasPassword)
	case map[string]any:
		for key, field := range v {
			if strings.Contains(strings.ToLower(key), "password") && field != nil && field != "" || hasPassword(field) {
				return true
			}
		}
	}
	return false
}
