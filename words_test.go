package repo

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// wordCounts holds today's count of each word below, by package or document.
const wordCounts = "testdata/words.tsv"

var lower = flag.Bool("lower", false, "write smaller counts of words into "+wordCounts+"; without that file write all")

// word is one that has a better one: the field's, or plain English.
type word struct {
	name   string         // as in wordCounts
	better string         // what to write
	in     []string       // packages that, with those below, have it in a private sense; nil: all, and the documents
	except []string       // packages in which it has another, common sense
	prose  *regexp.Regexp // in comments and documents, on lower-case words; nil: common there
	code   *regexp.Regexp // in identifiers, split into lower-case words; nil: common there
}

// both, prose and code make the expressions of a word.
func both(w word, expr string) word  { w.prose, w.code = whole(expr), whole(expr); return w }
func prose(w word, expr string) word { w.prose = whole(expr); return w }
func code(w word, expr string) word  { w.code = whole(expr); return w }

func whole(expr string) *regexp.Regexp { return regexp.MustCompile(`\b(?:` + expr + `)\b`) }

var (
	caller = []string{"mds"}
	check  = []string{"volume/guard"}
	fake   = []string{"fakemds"}
)

// words are to go. Those of the first group are private, with what the field calls
// the same thing; those of the second hide the subject of a sentence.
var words = []word{
	both(word{name: "walk", better: "call, failover", except: []string{"hashring"}}, `walk(s|ed|ing)?`),
	both(word{name: "lane", better: "connection slot"}, `lanes?`),
	code(word{name: "spare, turns", better: "idle, slots", in: caller}, `spares?|turns?`),
	both(word{name: "node", better: "endpoint, MDS", in: caller}, `nodes?`),
	both(word{name: "stagger", better: "hedge delay"}, `stagger(s|ed|ing)?`),
	both(word{name: "overtaken", better: "lost to a later or an earlier attempt; discard"}, `overtak(e|es|en|ing)|overtook|outruns?|outran|losers?`),
	both(word{name: "put off, patient, exhaust", better: "requeued, out of budget, exhausted", in: caller}, `put off|puts off|patient|exhausts?`),
	both(word{name: "affordable, withdraw", better: "retry token, take", in: caller}, `afford(s|able|ed)?|withdr(aw|aws|ew|awn|awal)`),
	code(word{name: "extra", better: "hedge, retry", in: caller}, `extras?`),
	both(word{name: "heals, kick, prober", better: "recoveries, trigger, health check"}, `heal(s|ed)?|kick(s|ed)?|probers?`),
	code(word{name: "clean", better: "healthy", in: caller}, `clean`),
	both(word{name: "settled", better: "drained", in: []string{"mds", "volume"}, except: []string{"volume/guard", "volume/guard/proof"}}, `settl(e|es|ed|ing)`),
	code(word{name: "tell, told, one no", better: "notify, notified, stop on refusal", in: caller}, `tells?|told|one no`),
	both(word{name: "understands", better: "supports"}, `understand(s)?|understood`),
	both(word{name: "flight, passenger, board, hurry", better: "shared poll, subscriber, subscribe, wake", in: check}, `flights?|passengers?|board(s|ed|ing)?|hurr(y|ies|ied)`),
	both(word{name: "inquiry, witness", better: "poll, reply", in: check}, `inquir(y|ies)|witness(es)?`),
	code(word{name: "question", better: "query", in: check}, `questions?`),
	both(word{name: "judging, ruling", better: "evaluation, decision"}, `judg(e|es|ed|ing|ement)|ruling`),
	code(word{name: "shown, came back, halt", better: "expected hosts, reappeared, abort", in: check}, `shown|came back|halt`),
	both(word{name: "joint, sharers, pacer", better: "in-flight call, waiters, rate limiter"}, `joints?|sharers?|pacers?|paces`),
	both(word{name: "fate, squeeze", better: "response fault, backlog overflow", in: fake}, `fates?|squeez(e|es|ed)`),
	code(word{name: "names", better: "matches", in: fake}, `names`),

	prose(word{name: "who", better: "the caller, a request, a host"}, `who|whoever|whom`),
	prose(word{name: "somebody", better: "a host, a client"}, `somebody|someone|anybody|anyone|everybody`),
	prose(word{name: "he", better: "the type's name"}, `he|him|his`),
	prose(word{name: "all the same, in vain", better: "even so, without an answer"}, `all the same|in vain`),
	prose(word{name: "any more", better: "no longer"}, `any more|anymore`),
	prose(word{name: "come by", better: "get, find"}, `(come|comes|came) by`),
	prose(word{name: "is made", better: "an active verb"}, `is made|are made|was made`),
	prose(word{name: "of which", better: "two sentences"}, `of which`),
}

// count is how often a word occurs in a package or a document.
type count struct{ prose, code int }

// spot is a place at which a word occurs, for a message.
type spot struct{ in, word string }

// TestPrivateWordsOnlyFade: no package and no document has more of a word than
// testdata/words.tsv says. After a renaming, -lower writes the smaller counts. Code
// that moves to another package takes its counts along, by hand.
func TestPrivateWordsOnlyFade(t *testing.T) {
	counts, places := countWords(t)
	if len(counts) == 0 {
		t.Log("none of the words is left: this test may go")
	}
	bounds, err := readCounts()
	if errors.Is(err, fs.ErrNotExist) && *lower {
		bounds = counts
	} else if err != nil {
		t.Fatal(err)
	}
	total := 0
	for at, n := range counts {
		total += n.prose + n.code
		if bound := bounds[at]; n.prose > bound.prose || n.code > bound.code {
			t.Errorf("%s: %q stands %d times in comments and %d times in names, at most %d and %d may; write %q\n\t%s",
				at.in, at.word, n.prose, n.code, bound.prose, bound.code, betterFor(at.word), strings.Join(places[at], "\n\t"))
		}
	}
	t.Logf("%d words to replace", total)
	if *lower {
		writeCounts(t, counts, bounds)
	}
}

// countWords counts in the packages without their tests, and in the documents. It
// returns the places, too, with the words around.
func countWords(t *testing.T) (map[spot]count, map[spot][]string) {
	t.Helper()
	counts, places := make(map[spot]count), make(map[spot][]string)
	add := func(in, where, text string, expr func(word) *regexp.Regexp, number func(*count) *int) {
		split := splitWords(text)
		for _, w := range words {
			if !w.appliesTo(in) || expr(w) == nil {
				continue
			}
			for _, found := range expr(w).FindAllStringIndex(split, -1) {
				at := spot{in, w.name}
				c := counts[at]
				*number(&c)++
				counts[at] = c
				from, to := max(0, found[0]-30), min(len(split), found[1]+30)
				places[at] = append(places[at], where+": "+split[from:to])
			}
		}
	}
	inProse := func(in, where, text string) {
		add(in, where, text, func(w word) *regexp.Regexp { return w.prose }, func(c *count) *int { return &c.prose })
	}
	inCode := func(in, where, text string) {
		add(in, where, text, func(w word) *regexp.Regexp { return w.code }, func(c *count) *int { return &c.code })
	}
	for _, s := range load(t).sources {
		for _, file := range s.files {
			for _, group := range file.Comments {
				inProse(s.dir, s.line(group), group.Text())
			}
		}
		for name := range s.info.Defs {
			inCode(s.dir, s.line(name), name.Name)
		}
	}
	for name, text := range documents(t) {
		if name == "CHANGELOG.md" { // it has old names beside the new
			continue
		}
		i := 0
		for line := range strings.Lines(text) {
			i++
			inProse(name, fmt.Sprintf("%s:%d", name, i), line)
		}
	}
	return counts, places
}

// line says where a node of a package stands.
func (s *source) line(n ast.Node) string {
	return fmt.Sprintf("%s:%d", path.Join(s.dir, s.fileName(n.Pos())), s.fset.Position(n.Pos()).Line)
}

// appliesTo reports whether a word is to go from a package or document.
func (w word) appliesTo(in string) bool {
	if slices.Contains(w.except, in) {
		return false
	}
	return w.in == nil || slices.ContainsFunc(w.in, func(dir string) bool {
		return in == dir || strings.HasPrefix(in, dir+"/")
	})
}

func betterFor(name string) string {
	i := slices.IndexFunc(words, func(w word) bool { return w.name == name })
	return words[i].better
}

// splitWords returns the words of a text in lower case with one space between;
// names are split where their case changes: CallError becomes walk error.
func splitWords(text string) string {
	var b strings.Builder
	runes := []rune(text)
	for i, r := range runes {
		if !unicode.IsLetter(r) {
			b.WriteByte(' ')
			continue
		}
		afterLower := i > 0 && unicode.IsLower(runes[i-1])
		beforeLower := i > 0 && i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && (afterLower || beforeLower) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestSplitWords(t *testing.T) {
	for text, want := range map[string]string{
		"CallError":                 "call error",
		"judgeLoser":                "judge loser",
		"MDSStats and AllMDS":       "mds stats and all mds",
		"put\n// off, all the same": "put off all the same",
		"don't":                     "don t",
	} {
		if got := splitWords(text); got != want {
			t.Errorf("splitWords(%q) = %q, want %q", text, got, want)
		}
	}
}

// readCounts reads the bounds: package or document, word, count in comments and
// count in names, with tabs between.
func readCounts() (map[spot]count, error) {
	text, err := os.ReadFile(wordCounts)
	if err != nil {
		return nil, err
	}
	bounds := make(map[spot]count)
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != 4 {
			return nil, fmt.Errorf("%s: %q has %d cells, want 4", wordCounts, line, len(cells))
		}
		var c count
		if _, err := fmt.Sscan(cells[2]+" "+cells[3], &c.prose, &c.code); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", wordCounts, line, err)
		}
		bounds[spot{cells[0], cells[1]}] = c
	}
	return bounds, nil
}

// writeCounts writes for each place the smaller of count and bound.
func writeCounts(t *testing.T, counts, bounds map[spot]count) {
	t.Helper()
	var b strings.Builder
	for _, at := range slices.SortedFunc(maps.Keys(bounds), func(a, b spot) int {
		return cmp.Or(strings.Compare(a.in, b.in), strings.Compare(a.word, b.word))
	}) {
		c := count{min(counts[at].prose, bounds[at].prose), min(counts[at].code, bounds[at].code)}
		if c != (count{}) {
			fmt.Fprintf(&b, "%s\t%s\t%d\t%d\n", at.in, at.word, c.prose, c.code)
		}
	}
	if err := os.WriteFile(wordCounts, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
