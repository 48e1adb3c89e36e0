package repo

import (
	"go/types"
	"maps"
	"slices"
	"testing"
)

// circleGoal is the size that the largest circle of a package may have: so many
// files, at most, that each need all the others. Packages which are easy to read
// in one direction stay at or below it.
const circleGoal = 6

// circleBound holds the packages above circleGoal, with the size of their largest
// circle today. A bound only falls: a smaller circle lowers it, and at the goal its
// line goes.
var circleBound = map[string]int{}

func TestCirclesOfFilesOnlyShrink(t *testing.T) {
	left := maps.Clone(circleBound)
	for _, s := range load(t).sources {
		circle := largestCircle(s.uses())
		bound, above := circleBound[s.dir]
		delete(left, s.dir)
		switch {
		case !above && len(circle) > circleGoal:
			t.Errorf("package %s: %d files need each other in a circle, and %d may: %v", s.dir, len(circle), circleGoal, circle)
		case above && len(circle) > bound:
			t.Errorf("package %s: %d files need each other in a circle, and before it was %d: %v", s.dir, len(circle), bound, circle)
		case above && len(circle) <= circleGoal:
			t.Errorf("package %s: its largest circle has %d files; delete its line in circleBound", s.dir, len(circle))
		case above && len(circle) < bound:
			t.Errorf("package %s: its largest circle has %d files; lower its circleBound from %d", s.dir, len(circle), bound)
		}
	}
	for dir := range left {
		t.Errorf("package %s of circleBound is gone; delete its line", dir)
	}
}

// graph says of each file which other files of its package it uses.
type graph map[string]map[string]bool

// uses returns the graph of a package: a file uses the file that declares a
// constant, variable, type, function or method which it names.
func (s *source) uses() graph {
	g := make(graph)
	for name, object := range s.info.Uses {
		if object.Pkg() != s.types || !declared(object, s.types) {
			continue
		}
		from, to := s.fileName(name.Pos()), s.fileName(object.Pos())
		if from == to {
			continue
		}
		if g[from] == nil {
			g[from] = make(map[string]bool)
		}
		g[from][to] = true
	}
	return g
}

// declared reports whether an object stands at the top of a file: in the scope of
// the package, or as a method.
func declared(object types.Object, in *types.Package) bool {
	if f, ok := object.(*types.Func); ok && f.Signature().Recv() != nil {
		return true
	}
	return object.Parent() == in.Scope()
}

// largestCircle returns the most files that each reach all the others, sorted.
// Without a circle there is none.
func largestCircle(g graph) []string {
	reached := make(map[string]map[string]bool, len(g))
	for file := range g {
		reached[file] = g.reach(file)
	}
	var largest []string
	for file := range g {
		var circle []string
		for other := range reached[file] {
			if reached[other][file] {
				circle = append(circle, other)
			}
		}
		if len(circle) > len(largest) {
			largest = circle
		}
	}
	slices.Sort(largest)
	return largest
}

// reach returns the files that file uses, and those that these use in turn.
func (g graph) reach(file string) map[string]bool {
	seen := make(map[string]bool)
	for next := []string{file}; len(next) > 0; next = next[1:] {
		for used := range g[next[0]] {
			if !seen[used] {
				seen[used] = true
				next = append(next, used)
			}
		}
	}
	return seen
}

func TestLargestCircle(t *testing.T) {
	uses := func(pairs ...string) graph { // "ab": a uses b
		g := make(graph)
		for _, p := range pairs {
			if g[p[:1]] == nil {
				g[p[:1]] = make(map[string]bool)
			}
			g[p[:1]][p[1:]] = true
		}
		return g
	}
	for _, test := range []struct {
		name string
		of   graph
		want []string
	}{
		{"nothing uses anything", uses(), nil},
		{"a ladder", uses("ab", "bc", "ac", "cd"), nil},
		{"two files", uses("ab", "ba", "bc"), []string{"a", "b"}},
		{"the larger of two circles", uses("ab", "ba", "bc", "cd", "de", "ec"), []string{"c", "d", "e"}},
		{"circles that share a file are one", uses("ab", "bc", "ca", "cd", "dc"), []string{"a", "b", "c", "d"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := largestCircle(test.of); !slices.Equal(got, test.want) {
				t.Errorf("largest circle %v, want %v", got, test.want)
			}
		})
	}
}
