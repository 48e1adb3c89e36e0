// Package agent is an MDS agent for measurements: a process of its own on
// loopback, with faults on demand, that counts what reaches it.
//
//	func TestMain(m *testing.M) {
//		agent.Main() // does not return in the agent's process
//		os.Exit(m.Run())
//	}
//
//	a := agent.Start(b, 1)
//	a.Set(agent.Mode{Kind: agent.Hang})
//	a.Counts().Requests
//
// Unlike package fakemds it is small and uses real sockets, so it costs little beside
// the client that is measured. It knows two commands: volume/clients, which it answers
// at once, and volume/clone, which it answers with a callback.
package agent
