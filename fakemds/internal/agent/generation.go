package agent

import (
	"fmt"
	"strings"
)

// Generation is one version of the agent. The zero Generation is none.
type Generation int

// The generations, oldest first. G6z and G7e are side lines of G5 and G7.
const (
	_ Generation = iota
	G1
	G2
	G3
	G4
	G5
	G6
	G6z
	G7
	G7e
	G8
	G9
	G10
)

var spellings = [...]string{
	G1: "G1", G2: "G2", G3: "G3", G4: "G4", G5: "G5", G6: "G6", G6z: "G6z",
	G7: "G7", G7e: "G7e", G8: "G8", G9: "G9", G10: "G10",
}

// Generations are all of them, oldest first.
func Generations() []Generation {
	var all []Generation
	for g := G1; g <= G10; g++ {
		all = append(all, g)
	}
	return all
}

// Valid reports whether g is a generation.
func (g Generation) Valid() bool { return g >= G1 && g <= G10 }

// String is the name, such as "G7e".
func (g Generation) String() string {
	if g.Valid() {
		return spellings[g]
	}
	return fmt.Sprintf("Generation(%d)", int(g))
}

// ParseGeneration reads what String writes; the case of the letters does not matter.
// The error names all generations.
func ParseGeneration(text string) (Generation, error) {
	for _, g := range Generations() {
		if strings.EqualFold(g.String(), strings.TrimSpace(text)) {
			return g, nil
		}
	}
	return 0, fmt.Errorf("unknown generation %q, want one of %s", text, strings.Join(spellings[G1:], ", "))
}
