package main

import (
	"strings"
	"testing"
)

func TestExampleEndsWithOneOwner(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out, "", []string{"vol-1", "vol-2", "vol-3"}); err != nil {
		t.Fatal(err)
	}
	want := "node-1 of [node-1] owns [vol-1 vol-2 vol-3]\nnode-2 of [node-1] owns []\n"
	if !strings.Contains(out.String(), "node-2 was fenced") || !strings.HasSuffix(out.String(), want) {
		t.Errorf("output is\n%s\nwant a fence, and at the end\n%s", out.String(), want)
	}
}
