package hashring_test

import (
	"errors"
	"testing"

	"github.com/zbsclient/zbsclient/hashring"
)

func TestParsePlacement(t *testing.T) {
	for name, want := range map[string]hashring.Placement{
		"default": hashring.Default, "zstack": hashring.ZStack, "ZStack": hashring.ZStack,
	} {
		if got, err := hashring.ParsePlacement(name); got != want || err != nil {
			t.Errorf("%q is %v, %v; want %v", name, got, err, want)
		}
	}
	if _, err := hashring.ParsePlacement("ketama"); !errors.Is(err, hashring.ErrPlacement) {
		t.Errorf("ketama: %v, want ErrPlacement", err)
	}
	if got := hashring.Placement(9).String(); got != "placement(9)" {
		t.Errorf("an unknown placement is %q", got)
	}
}

func TestWeightsThatAreNotPossible(t *testing.T) {
	r := hashring.New(hashring.Default, "a")
	for _, weight := range []int{-1, 0, hashring.MaxWeight + 1} {
		if err := r.SetWeight("a", weight); !errors.Is(err, hashring.ErrWeight) {
			t.Errorf("weight %d: %v, want ErrWeight", weight, err)
		}
	}
	z := hashring.New(hashring.ZStack, "a")
	if err := z.SetWeight("a", 2); !errors.Is(err, hashring.ErrWeight) {
		t.Errorf("weight 2 under zstack: %v, want ErrWeight", err)
	}
	if err := z.SetWeight("b", 1); err != nil || z.Weight("b") != 1 {
		t.Errorf("weight 1 under zstack: %v, weight %d", err, z.Weight("b"))
	}
}
