package repo

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	mermaid = regexp.MustCompile("(?ms)^```mermaid\n(.*?)^```$")
	arrow   = regexp.MustCompile(`(?m)^\s+(\S+) --> (\S+)$`)
)

// TestPictureShowsTheImports: the picture in CONTRIBUTING.md has an arrow for each
// import that mayImport allows, but for those that follow from other arrows.
func TestPictureShowsTheImports(t *testing.T) {
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	block := mermaid.FindStringSubmatch(string(text))
	if block == nil {
		t.Fatal("CONTRIBUTING.md has no picture")
	}
	var drawn []string
	for _, a := range arrow.FindAllStringSubmatch(block[1], -1) {
		drawn = append(drawn, "  "+a[1]+" --> "+a[2])
	}
	want := arrows(mayImport)
	slices.Sort(drawn)
	if !slices.Equal(drawn, want) {
		t.Errorf("CONTRIBUTING.md draws\n%s\nmayImport says\n%s", strings.Join(drawn, "\n"), strings.Join(want, "\n"))
	}
}

// arrows returns a line for each import, sorted. A direct import is left out when
// another import leads to the same package.
func arrows(imports map[string][]string) []string {
	g := make(graph)
	for from, to := range imports {
		g[from] = make(map[string]bool)
		for _, path := range to {
			g[from][path] = true
		}
	}
	var lines []string
	for from, to := range g {
		for path := range to {
			follows := false
			for other := range to {
				follows = follows || g.reach(other)[path]
			}
			if !follows {
				lines = append(lines, fmt.Sprintf("  %s --> %s", from, path))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func TestArrows(t *testing.T) {
	got := arrows(map[string][]string{"top": {"middle", "base"}, "middle": {"base"}, "side": {"base"}, "base": {}})
	if want := []string{"  middle --> base", "  side --> base", "  top --> middle"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
