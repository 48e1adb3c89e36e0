// Package zbs is the vocabulary of the ZBS agent: paths, addresses, endpoints,
// commands, answers and errors. It does no I/O and imports the standard library
// alone.
//
// # The wire
//
// Every metadata server (MDS) of a ZBS cluster runs an agent, an HTTP/1.1
// server on AgentPort without authentication. A request is a POST of a JSON
// object to Prefix plus the endpoint's name:
//
//	POST /zbs/primarystorage/volume/clients
//	Content-Type: application/json
//
//	{"addr":"mds-a","path":"cbd:pp/lp/vol"}
//
// A synchronous endpoint (Sync) answers in the body of the response:
//
//	{"success": true, "error": "", "clients": [{"ip": "10.0.0.5", "port": "9001"}]}
//
// An asynchronous one (Async) takes the headers taskuuid and callbackurl,
// answers at once with an empty 200, which means "received", and later posts
// the JSON answer to the callback URL with the same taskuuid.
//
// The agent turns a request into command lines of the storage, without
// quoting. Hence the allow-list of CheckName, and one kind of path per
// endpoint: everything is checked by Command.Validate before it is sent.
//
// Answers are read tolerantly, because versions are mixed during an upgrade:
// unknown fields are ignored, absent ones are zero, numbers may be strings, and an
// absent "success" is true. There is one exception: a client list without "clients" is
// malformed, because it would read as a volume without clients.
//
// # Two spellings of a volume
//
// Path is what identifies a volume: logical pool and name. Its text is the
// install path zbs://POOL/VOLUME[@SNAPSHOT]. Agents want the CBD path
// cbd:PHYSICAL/POOL/VOLUME[@SNAPSHOT]; PoolMap.CBDPath makes it with the
// physical pool that Capacity names:
//
//	path, err := zbs.ParsePath("zbs://pool/vol")
//	pools, err := capacity.PoolMap()
//	cbd, err := pools.CBDPath(path)
//
// # Generations of agents
//
// No agent names its generation. It is known from the endpoints that the agent has
// (Capabilities). An agent answers 400 to a request without a task id if it has the
// asynchronous endpoint, and to a form sent to volume/clients. It answers 404 if it does
// not have the endpoint. It runs nothing either way. Generations returns this table as data:
//
//	G1   ZStack 5.2.0, 5.2.1      refused: other fields; facts writes client.conf
//	G2   ZStack 5.3.0             refused: other fields
//	G3   ZStack 5.3.1             refused: other fields
//	G4   ZStack 5.3.20 to 5.3.22  refused: other fields
//	G5   ZStack 5.3.28            refused: other fields
//	G6   ZStack 5.4.0             refused: other fields
//	G6z  ZSV 4.10.10 to 4.10.16   refused: other fields
//	G7   after 5.4.0              first that is used; no vhost, no resource/usage
//	G7e  a side line after G7     has snapshot/query; no batch query; ping tells no version
//	G8   after G7                 vhost/deploy; bdevs need ssh access to the host
//	G9   after G8                 resource/usage; bdevs need no ssh access
//	G10  after G9                 vhost/check, vhost/target/health; no vhost/deploy
//
// Up to G6z, agents have no volume/clients and name fields differently. They read
// missing fields as "None" and may answer success without doing anything, so they are
// sent no command that they could misread (ErrAgentTooOld). Suit changes a command into
// the form that the agent accepts. For example, it uses the agent's form of capacity, and
// leaves out the ssh user and password of vhost block devices (bdevs) if the agent does
// not need them.
//
// # Another endpoint
//
// An endpoint is an entry in the table of endpoint.go, a command in command.go
// and an answer in response.go. mds.Call needs nothing else.
package zbs
