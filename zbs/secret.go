package zbs

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
)

// Secret is a text that must not be seen. Printing, logging and marshalling it give
// ***; only Envelope.Encode writes the text itself.
type Secret string

const masked = "***"

// String returns ***.
func (Secret) String() string { return masked }

// GoString returns ***, for %#v.
func (Secret) GoString() string { return masked }

// LogValue returns ***.
func (Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText returns ***.
func (Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

func (s Secret) check() error {
	if s == "" {
		return invalid("the password is empty")
	}
	if strings.ContainsFunc(string(s), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return invalid("the password has a control character")
	}
	return nil
}

// Mask returns the text with every occurrence of the secret replaced by ***,
// also where the secret was escaped for a URL or as JSON, or where a shell or the
// agent added or removed quotes and backslashes. The empty Secret masks nothing.
func (s Secret) Mask(text string) string {
	for _, spell := range []func(string) string{url.QueryEscape, url.PathEscape, jsonEscape, strconv.QuoteToASCII} {
		if escaped := strings.Trim(spell(string(s)), `"`); escaped != "" {
			text = strings.ReplaceAll(text, escaped, masked)
		}
	}
	wanted, _ := unquoted(string(s))
	if wanted == "" {
		return maskExactly(text, string(s))
	}
	have, at := unquoted(text)
	var b strings.Builder
	from := 0 // of have
	rest := 0 // of text
	for {
		i := strings.Index(have[from:], wanted)
		if i < 0 {
			break
		}
		first, last := from+i, from+i+len(wanted)-1
		b.WriteString(text[rest:at[first]])
		b.WriteString(masked)
		from, rest = last+1, at[last]+1
	}
	b.WriteString(text[rest:])
	return b.String()
}

func jsonEscape(s string) string {
	escaped, _ := json.Marshal(s) // a string always can
	return string(escaped)
}

// maskExactly masks a secret that consists of quotes and backslashes.
func maskExactly(text, secret string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, masked)
}

// unquoted drops quotes and backslashes from s. It returns the other bytes, and
// where in s each of them was.
func unquoted(s string) (rest string, at []int) {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`\'"`, s[i]) < 0 {
			b.WriteByte(s[i])
			at = append(at, i)
		}
	}
	return b.String(), at
}

// carrier is a command that carries a password. A pointer to such a command is one
// as well, because the methods have value receivers.
type carrier interface {
	secret() Secret
	// redacted returns the command with *** for the password, if it has one.
	redacted() any
}

// SecretOf returns the password that a command, or a pointer to one, carries. It is
// empty for a command that carries none.
func SecretOf(command any) Secret {
	if c, ok := command.(carrier); ok {
		return c.secret()
	}
	return ""
}

// Redacted returns what may be shown of a command, or of the one that a pointer
// points to: the command with *** for its password. A command that carries none is
// returned as it is.
func Redacted(command any) any {
	if c, ok := command.(carrier); ok {
		return c.redacted()
	}
	return command
}
