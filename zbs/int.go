package zbs

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Int is an integer that the wire may spell as a number or as a string of
// digits. Absent, null and "" leave it as it is, which is 0 in a fresh value.
type Int int64

// UnmarshalJSON reads 9001, 9001.0, "9001" and null.
func (n *Int) UnmarshalJSON(data []byte) error {
	text := string(data)
	if data[0] == '"' {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		text = strings.TrimSpace(text)
	}
	if text == "" || text == "null" {
		return nil
	}
	if v, err := strconv.ParseInt(text, 10, 64); err == nil {
		*n = Int(v)
		return nil
	}
	// Python prints an integral float with its fraction. Above 2^53 a float no
	// longer names one integer.
	const exact = 1 << 53
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || v != float64(int64(v)) || v > exact || v < -exact {
		return fmt.Errorf("%s is no integer of 64 bits", data)
	}
	*n = Int(v)
	return nil
}
