using DmIoUring.Cli;
using DmIoUring.Peers;

using Interrupt interrupt = new();
return await PeerCommandLine.RunAsync(args, Terminal.OfProcess(PeerCommandLine.Program), interrupt.Token);
