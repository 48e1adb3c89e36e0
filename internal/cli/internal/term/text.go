package term

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Wrap breaks the text at spaces into lines of the width. A word that is longer
// gets a line of its own.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// Shorten replaces the middle of a long name by "…". The result has at most that
// many characters.
func Shorten(name string, most int) string {
	runes := []rune(name)
	if len(runes) <= most {
		return name
	}
	tail := most / 2
	return string(runes[:most-1-tail]) + "…" + string(runes[len(runes)-tail:])
}

// Some joins the values with commas. Unless all are wanted, it prints the first few
// and counts the rest.
func Some[T any](values []T, few int, all bool) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	if len(texts) > few && !all {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:few], ", "), len(texts)-few)
	}
	return strings.Join(texts, ", ")
}

// Listed joins the texts with semicolons. It prints the first ones, at most that
// many, and counts the rest.
func Listed(texts []string, most int) string {
	if len(texts) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], "; "), len(texts)-most)
	}
	return strings.Join(texts, "; ")
}

// Percent prints a share of 1.
func Percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }
