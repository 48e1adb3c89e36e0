package term_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zbsclient/zbsclient/internal/cli/internal/term"
)

func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "", 1: "1ns", 1234: "1.23µs", 12345: "12.3µs", 999999: "1ms", 930 * time.Microsecond: "930µs",
		1234567: "1.23ms", 12345678: "12.3ms", 123456789: "123ms", 1234 * time.Millisecond: "1.23s",
		75 * time.Second: "1m15s", 2 * time.Hour: "2h0m0s",
	} {
		if got := term.Brief(d); got != want {
			t.Errorf("%d ns is %q, want %q", int64(d), got, want)
		}
	}
}

func TestTable(t *testing.T) {
	rows := term.Table{Header: []string{"A", "LONGER", "LAST"}}
	rows.Add(term.Text("wide cell"), term.Green.Cell("ü"), term.OrDash(""))
	for colour, want := range map[bool]string{
		false: "A          LONGER  LAST\nwide cell  ü       -\n",
		true: "\x1b[1mA\x1b[0m          \x1b[1mLONGER\x1b[0m  \x1b[1mLAST\x1b[0m\n" +
			"wide cell  \x1b[32mü\x1b[0m       \x1b[2m-\x1b[0m\n",
	} {
		var out strings.Builder
		if rows.Print(&out, colour); out.String() != want {
			t.Errorf("colour %t: %q, want %q", colour, out.String(), want)
		}
	}
}

func TestWrap(t *testing.T) {
	for text, want := range map[string][]string{
		"":                        {""},
		"fits":                    {"fits"},
		"two  lines here":         {"two lines", "here"},
		"a-word-that-is-too-long": {"a-word-that-is-too-long"},
		"ä ö ü ß é":               {"ä ö ü ß é"},
	} {
		if got := term.Wrap(text, 9); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	for name, want := range map[string]string{"short": "short", "0123456789": "0123456789", "0123456789a": "0123…6789a", "äöüäöüäöüäöü": "äöüä…öüäöü"} {
		if got := term.Shorten(name, 10); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestListsCountTheRest(t *testing.T) {
	values := []int{1, 2, 3}
	for _, row := range []struct{ got, want string }{
		{term.Some(values, 2, false), "1, 2 and 1 more"},
		{term.Some(values, 2, true), "1, 2, 3"},
		{term.Some(values, 3, false), "1, 2, 3"},
		{term.Listed([]string{"a", "b"}, 2), "a; b"},
		{term.Listed([]string{"a", "b"}, 1), "a and 1 more"},
	} {
		if row.got != row.want {
			t.Errorf("%q, want %q", row.got, row.want)
		}
	}
}

// What is not written to a terminal has 80 columns. An item is wrapped beside its
// title.
func TestItem(t *testing.T) {
	var out strings.Builder
	block := term.NewBlock(term.NewLayout(&out, false), &out)
	block.Item(term.Red, "why:", strings.TrimSpace(strings.Repeat("word ", 20)))
	want := "why:  " + strings.TrimSpace(strings.Repeat("word ", 15)) + "\n      word word word word word\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
