package fakemds

// TB is the part of *testing.T that NewCluster uses; *rapid.T has it too.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Cleanup(func())
}

// misuse reports mistakes of the test that uses a cluster.
type misuse struct{ tb TB } // nil in a program

// fail ends the test or, in a program, panics.
func (m *misuse) fail(err error) {
	if err == nil {
		return
	}
	if m.tb == nil {
		panic(err)
	}
	m.tb.Helper()
	m.tb.Fatalf("%v", err)
}

// warn writes into the log of the test.
func (m *misuse) warn(format string, args ...any) {
	if m.tb != nil {
		m.tb.Logf(format, args...)
	}
}
