// Package natsbridge joins Scalability Protocols and NATS: gonng's sockets on one side, core
// NATS or JetStream on the other.
//
// A [Bridge] is one mapping, which its protocol and its NATS side choose:
//
//	Protocol     with Stream                                 with Subject alone
//	Rep0         a request is stored; the reply says so      a request becomes a NATS request
//	Req0         a stored message becomes a request          a NATS request becomes a request
//	Pull0        a message is stored                         -
//	Push0        a stored message is pushed                  -
//	Sub0         -                                           a topic becomes a subject
//	Pub0         -                                           a subject becomes a topic
//
// This stores what is asked of it, and has workers do it:
//
//	in := natsbridge.Bridge{Protocol: gonng.ProtocolRep0, Listen: []string{"tcp://:5555"}, Stream: "JOBS", Subject: "jobs"}
//	out := natsbridge.Bridge{Protocol: gonng.ProtocolReq0, Dial: []string{"tcp://worker:5556"}, Stream: "JOBS", Durable: "workers"}
//	go in.Run(ctx)
//	err := out.Run(ctx)
//
// What each mapping promises, and what happens when a process is killed at which step, is in
// docs/bridge.md. The command gonng-bridge (also gonng bridge) is the same from the shell.
package natsbridge
