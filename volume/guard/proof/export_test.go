package proof

// Codes returns every code of a reason or note.
func Codes() (codes []Code) {
	for code := range meanings {
		codes = append(codes, code)
	}
	return codes
}
