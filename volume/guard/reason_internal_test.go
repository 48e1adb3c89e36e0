package guard

import "testing"

// Every code has a meaning, and belongs to a rule.
func TestEveryCodeIsExplained(t *testing.T) {
	for code, m := range meanings {
		if m.what == "" || m.settle == "" || code.Rule() < 1 || code.Rule() > 10 {
			t.Errorf("%s: %+v, rule %d", code, m, code.Rule())
		}
	}
	if len(meanings) != len(rules) {
		t.Errorf("%d codes have a meaning and %d a rule", len(meanings), len(rules))
	}
}
