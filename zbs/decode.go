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
