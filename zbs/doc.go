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
// unknown fields are ignored, absent ones are zero, numbers may be strings, an
// absent "success" is true. One field is not forgiven: a client list without
// "clients" is no answer, for it would read as "nobody has it open".
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
// # Another endpoint
//
// An endpoint is an entry in the table of endpoint.go, a command in command.go
// and an answer in response.go. mds.Call needs nothing else.
package zbs
