using DmIoUring.Cli;
using DmIoUring.SideBySide;

// First: it sees to it that no file of the command's own becomes its standard output.
Terminal terminal = Terminal.OfProcess(SideBySideCommand.Program);
using Interrupt interrupt = new();
return await SideBySideCommand.RunAsync(args, terminal, interrupt.Token);
