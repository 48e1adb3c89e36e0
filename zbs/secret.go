package zbs

import (
	"encoding/json"
	"log/slog"
	"net/url"
	"reflect"
	"strconv"
	"strings"
)

// Secret is a text that must not be seen: printing, logging and marshalling it
// give ***. Only Envelope.Encode puts the text itself on the wire.
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
// also where it was escaped for a URL or as JSON, and where quotes and
// backslashes were put into it or taken out, as shells and the agent do. The empty Secret masks nothing.
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

// maskExactly is for a secret of quotes and backslashes alone.
func maskExactly(text, secret string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, masked)
}

// unquoted drops quotes and backslashes, and tells where in s each byte that is
// left stood.
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

// SecretOf returns the password that a command carries, empty for one that
// carries none.
func SecretOf(command any) Secret {
	switch c := pointedTo(command).(type) {
	case DeployClient:
		return c.Host.Password
	case DeployVhost:
		return c.Host.Password
	case DestroyVhost:
		return c.Host.Password
	case CreateBdev:
		return c.Host.Password
	case DeleteBdev:
		return c.Host.Password
	case CheckVhost:
		return c.Host.Password
	}
	return ""
}

// Redacted returns the command with *** for the password that it carries, and
// one that carries none as it is: what may be shown of it.
func Redacted(command any) any {
	switch c := pointedTo(command).(type) {
	case DeployClient:
		c.Host.Password = masked
		return c
	case DeployVhost:
		c.Host.Password = masked
		return c
	case DestroyVhost:
		c.Host = c.Host.redacted()
		return c
	case CreateBdev:
		c.Host = c.Host.redacted()
		return c
	case DeleteBdev:
		c.Host = c.Host.redacted()
		return c
	case CheckVhost:
		c.Host = c.Host.redacted()
		return c
	}
	return command
}

// pointedTo returns the command behind a pointer, which is a command as well.
func pointedTo(command any) any {
	if v := reflect.ValueOf(command); v.Kind() == reflect.Pointer && !v.IsNil() {
		return v.Elem().Interface()
	}
	return command
}

// redacted masks the password, if there is one.
func (h HostAccess) redacted() HostAccess {
	if h.Password != "" {
		h.Password = masked
	}
	return h
}
