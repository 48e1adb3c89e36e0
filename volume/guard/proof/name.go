package proof

import (
	"fmt"
	"strings"
)

// nameOf returns the name of a value of an enumeration. An unknown value has the name of
// the zero value.
func nameOf[E ~uint8](names []string, e E) string {
	if int(e) < len(names) {
		return names[e]
	}
	return names[0]
}

func readName[E ~uint8](names []string, e *E, text []byte) error {
	for i, name := range names {
		if name == string(text) {
			*e = E(i)
			return nil
		}
	}
	return fmt.Errorf("%q is none of %s", text, strings.Join(names, ", "))
}
