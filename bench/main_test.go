package bench

import (
	"os"
	"testing"

	"github.com/zbsclient/zbsclient/bench/agent"
)

func TestMain(m *testing.M) {
	agent.Main()
	os.Exit(m.Run())
}
