using DmIoUring.Cli;
using DmIoUring.Peers;

// First: it sees to it that no file of the command's own becomes its standard output.
Terminal terminal = Terminal.OfProcess(PeerCommandLine.Program);
using Interrupt interrupt = new();
return await PeerCommandLine.RunAsync(args, terminal, interrupt.Token);
