using DmIoUring.Cli;
using DmIoUring.Cli.Commands;

// First: it sees to it that no file of the command's own becomes its standard output.
Terminal terminal = Terminal.OfProcess();
using Interrupt interrupt = new();
return await CommandLine.RunAsync(args, terminal, interrupt.Token);
