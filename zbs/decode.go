package zbs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrMalformed is wrapped by every error about an answer that is not the JSON
// an agent writes. Such an answer proves nothing, neither success nor refusal.
var ErrMalformed = errors.New("malformed answer")

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

// DecodeAnswer reads an agent's answer into a value of R: fields it does not
// know are ignored, absent ones stay zero, and an absent "success" counts as
// true. An answer with success false is an *AgentError without Addr and
// Endpoint; anything that is not an answer wraps ErrMalformed.
func DecodeAnswer[R any](body []byte) (R, error) {
	var answer R
	if _, empty := any(answer).(EchoReply); empty {
		return answer, checkEmpty(body)
	}
	if err := checkSuccess(body); err != nil {
		return answer, err
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return answer, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if c, ok := any(answer).(interface{ check() error }); ok {
		if err := c.check(); err != nil {
			return answer, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
	}
	return answer, nil
}

func checkEmpty(body []byte) error {
	if len(body) != 0 {
		return fmt.Errorf("%w: %d bytes where none are expected", ErrMalformed, len(body))
	}
	return nil
}

// checkSuccess reads what every answer has in common.
func checkSuccess(body []byte) error {
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		return fmt.Errorf("%w: no JSON object but %s", ErrMalformed, excerpt(body))
	}
	if plainSuccess(body) {
		return nil
	}
	var common struct {
		Success json.RawMessage `json:"success"`
		Error   json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(body, &common); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	switch strings.ToLower(strings.Trim(string(common.Success), `"`)) {
	case "", "true":
		return nil
	case "false":
		return &AgentError{Message: messageText(common.Error)}
	default:
		return fmt.Errorf("%w: success is %s", ErrMalformed, excerpt(common.Success))
	}
}

// messageText returns the text of "error", which should be a string.
func messageText(raw json.RawMessage) string {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return string(raw)
	}
	return text
}

// excerpt quotes the beginning of data for an error.
func excerpt(data []byte) string {
	const most = 40
	if len(data) == 0 {
		return "nothing"
	}
	if len(data) > most {
		return strconv.Quote(string(data[:most])) + "…"
	}
	return strconv.Quote(string(data))
}
