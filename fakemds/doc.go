// Package fakemds is a fake ZBS MDS cluster for tests: N nodes that speak HTTP as
// the agent of the real MDS does, over one shared storage, with faults on demand
// and a ledger of what reached each node and what it executed.
//
//	cluster := fakemds.NewCluster(t, 3) // closed when the test ends
//	cluster.AddVolume("zbs://pool/vol-42", "10.0.0.5")
//	cluster.Node(0).Inject(fakemds.Hang)
//	cluster.Node(1).Inject(fakemds.LoseReply.Times(1).On("volume/expand"))
//	client := &http.Client{Transport: &http.Transport{DialContext: cluster.DialContext}}
//	// ... ask http://HOST:PORT of cluster.Addrs() ...
//	n := cluster.Executed("volume/expand")
//
// The nodes live on a network in memory, which works inside a testing/synctest
// bubble: a hanging node costs no real time and durations are exact. OnLoopback
// puts them on real sockets of 127.0.0.1. Asynchronous calls need a receiver of
// callbacks; Cluster.Listen opens a listener that the nodes can reach.
//
// # Faults
//
// A fault stays until Node.Clear. Times limits how often it acts, and On limits it to
// some endpoints. Faults of the first group below decide the response: if several match a
// request, only the one injected first acts. Faults of the second group combine with it
// and with each other.
//
//	Hang, Reset, HangUp, Status(c),
//	  AgentError(s), AgentBroken            instead of executing
//	HangAfter, ResetAfter (LoseReply),
//	  HangUpAfter, StatusAfter(c)           after executing, instead of the reply
//
//	Refuse, Blackhole                       the connect fails, or never completes
//	Slow(d)                                 the work takes d longer
//	SlowBody(d), Truncate, Garbage          the result arrives in two halves, cut, or is no JSON
//	CallbackLost, CallbackLate(d),
//	  CallbackTwice, CallbackEarly          the callback of an asynchronous call
//	StaleList                               volume/clients answers as when it was injected
//	StorageError(s)                         the storage's command fails under the agent
//
// In an asynchronous call Hang, Reset, HangUp and Status act on the POST; SlowBody,
// Truncate and Garbage act on the callback. HangAfter sends neither reply nor
// callback; ResetAfter, HangUpAfter and StatusAfter still call back, unless
// CallbackLost is added. Without a fault the callback may come before or after the
// reply to the POST, as from the real agent. With CallbackEarly it comes before.
// ParseFault reads a fault from text.
//
// Methods of Node do more: they stop, restart (which forgets metadata/sync), sync,
// unsync and upgrade its agent, and put it before an old storage or into another
// cluster. Methods of Cluster switch the leader of the storage and cut hosts off.
//
// # Servers
//
// Each node runs on a server of its own. It answers the serial number of the server
// in resource/usage and metadata/sync. SetServer puts several nodes on one server.
// Cluster.Alias gives a node one more address. Status(404).On("resource/usage")
// makes an agent of a newer generation that answers no serial number.
//
// # Generations
//
// Each node is an agent of one Generation, G9 by default. The option Generations
// makes clusters of mixed ones, Node.Upgrade replaces an agent while the cluster
// runs, Node.SetGeneration switches it for a set-up.
//
//	cluster := fakemds.NewCluster(t, 3, fakemds.Generations(fakemds.G6, fakemds.G9))
//	err := cluster.Node(0).Upgrade(fakemds.G10)
//
// A path that a generation does not have answers 404. Apart from paths and names of
// fields, these differences exist:
//
//	G1          facts writes mds.listen.addr into client.conf, see Node.ClientConf
//	G1, G2      facts and ping look for an MDS by its address; G2's ping does not
//	            without one
//	G1 to G3    capacity answers one pool, of the first physical pool only
//	G1 to G4    volume/cbdtonbd takes no portRange
//	G1 to G6z   capacity requires one name, found by substring; sizes are GiB
//	            whatever the unit; missing names are "None", so that volume/delete
//	            of a path deletes nothing
//	G3 to G6z   ping looks for a leader alone, whatever the request says
//	G6z         volume/query and volume/flatten take a path
//	G7e         capacity requires logicalPool, found by substring; a batch always
//	            fails; no agentVersion; volume/clients of a missing volume fails;
//	            copy has no dstPool
//	G8          everything of vhost needs the ssh fields
//	G9          only vhost/deploy needs them; the server has a serial number
//	G10         vhost/check waits 20 s for a target that SetVhostTarget stopped
//
// G1 to G6z, G7e and G9 were read, some of them run; G8 and G10 are known only by parts
// and by their tests. These behaviours are guesses:
//
//   - what G7 has in common with G9;
//   - whether G10 has resource/usage (here it has) and snapshot/query (here not), and
//     that vhost/target/health is asynchronous;
//   - what facts and ping of G1 and G2 say about an MDS that they do not find;
//   - what zbsadm says to a host without a vhost target, and to a login without port or
//     user;
//   - the text of vhost/check, apart from the host and "ZStone".
//
// The texts of Python are those of Python 3, also where an agent runs on Python 2.
//
// # Open clients and listed clients
//
// VolumeState.Clients are the clients that have a volume open. volume/clients answers
// the clients in the registry, a list in the memory of the storage's leader. Open and
// CloseClient keep the two equal. OpenLate, SwitchLeader, CutOff and
// Reconnect make them differ, as happens in the real storage: a client writes before
// it is listed, or is no longer listed and still writes, or is listed and writes no
// more. The storage refuses to delete or roll back a volume while it lists a client
// of it. It does not know of clients that it does not list.
//
// A volume named zbs_zstack_heartbeat is not held open, whatever its pool. Each of
// its clients opens it for 20 ms every 5 s, as hypervisor hosts do with a one-shot
// qemu-io. The first time is later than Open and follows from the host's address. So
// lists of that volume are nearly always empty. A host that is cut off cannot open
// it. KeepHeartbeatOpen makes the hosts hold it open instead.
//
// A node that exports a volume over NBD has it open from volume/cbdtonbd to
// volume/cleannbd, also while its agent is down. The registry lists it as Node.IP.
// Whether a real storage lists it was not seen: with ExportsUnlisted no list shows
// it. The export of a snapshot opens the snapshot, which no list shows.
//
// A vhost block device keeps its volume open on its host from vhost/bdev/create to
// vhost/bdev/delete. After Cluster.RestartVhost the machine lives, and no list shows
// it until the next vhost/bdev/create.
//
// # Without connections
//
// Cluster.Transport and Cluster.HandleCallbacks carry exchanges without a network,
// for simulations that make very many.
//
// # What is faked
//
// All endpoints of the agents, on pools, volumes, snapshots, clones, clients and
// NBD exports, with the behaviour recorded from the real agent: empty lists of
// clients from an agent that was not synced, pools and snapshots found by
// substring, paths that hit another volume, deletes that claim success, the
// texts of Python exceptions, HTML errors, task ids in flight that are dropped,
// callbacks that are delivered again, connections closed after 15 s. Honest leaves
// out the quirks that deceive, and SnapshotDeleteLies adds one. WithAgentLimits adds
// the ten threads and the backlog of five. TestReplay replays the recorded exchanges;
// the few deliberate differences stand there with their reasons.
//
// Not faked: data; shell injection (a name is taken as it is, the ledger shows
// it); https callback URLs (never called); an MDS without leader (inject
// AgentError); on loopback, a connect that never completes for a program that
// does not dial through Cluster.DialContext (it connects and hears nothing). In
// memory a write never blocks, however much the reader leaves unread. Some answers
// were not seen on a real agent and are only likely: what the storage itself says to
// a rollback, clone or delete that it refuses, the page for a missing taskuuid (its
// status 400 was seen), and the value of AgentBroken's header.
//
// # Ledger
//
// Node.Requests says for each request whether it was executed, dropped and answered,
// and whether it was a Probe or DidNothing. Node.Conns says how long each connection
// was open and silent. Cluster.Executed, ExecutedBy and Asked count requests;
// Node.Probes counts what Asked leaves out. Cluster.Harm lists the changes that no
// caller asked for, and the passwords that reached an endpoint which needs none.
//
// # Admin API
//
// Cluster.AdminHandler serves it for a program that switches faults at run time.
// A wrong request gets 400, or 404 for a node that is not there, and
// {"error":"..."}; everything else 200 and the new state.
//
//	GET    /nodes                  state, faults and counters of all nodes
//	POST   /nodes/{i}/faults       {"fault":"hang","times":1,"on":["volume/clients"]};
//	                               "delay":"2s", "code":503 or "text":"..." as the fault needs
//	DELETE /nodes/{i}/faults       clear them
//	POST   /nodes/{i}/ACTION       restart, stop, start, sync, unsync
//	POST   /nodes/{i}/upgrade      {"generation":"G10"}
//	GET    /volumes                all volumes
//	POST   /volumes                {"path":"zbs://pool/vol","clients":["10.0.0.5"]}
//	DELETE /volumes                {"path":"zbs://pool/vol"}
//	GET    /clients                the open clients of each volume
//	POST   /clients                {"path":"zbs://pool/vol","clients":["10.0.0.5"]}: open
//	DELETE /clients                the same: close
//	GET    /ledger                 all requests, without bodies that hold passwords
//	GET    /harm                   all harm
//
// # How it is built
//
// Cluster makes each Node, which is a server (connections) and an agent (endpoints).
// The server makes an exchange of each request. The exchange takes faults, enters the
// request into the ledger, runs the endpoint and answers or calls back. The endpoints
// of all generations are in internal/agent, the storage that they share in
// internal/storage, what of Python is visible on the wire in internal/python, and the
// network in memory in internal/memnet.
//
// # Concurrency
//
// Cluster and Node are safe for concurrent use, also while requests run; what
// they return are copies. Close ends all goroutines before it returns.
package fakemds
