package zbs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/zbsclient/zbsclient/zbs"
)

// What people read about generations is what the table says.
func TestGenerationsAreDocumented(t *testing.T) {
	for _, file := range []string{"doc.go", "../docs/compatibility.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range zbs.Generations() {
			row := regexp.MustCompile(`(?m)^(//\t|\| )` + g.ID + `\b.*$`).FindString(string(text))
			switch {
			case row == "":
				t.Errorf("%s has no row for %s", file, g.ID)
			case strings.Contains(row, "refused") != g.TooOld():
				t.Errorf("%s: %s, but TooOld is %t", file, row, g.TooOld())
			case g.TooOld() && !strings.Contains(row, firstRelease(g)):
				t.Errorf("%s: %s does not name %s", file, row, g.Releases)
			case strings.HasSuffix(file, ".md") && !strings.Contains(g.Seen, "inferred") && !strings.Contains(row, g.Seen):
				t.Errorf("%s: %s does not say %q", file, row, g.Seen)
			}
		}
	}
}

func firstRelease(g zbs.Generation) string { return strings.Join(strings.Fields(g.Releases)[:2], " ") }
