using DmIoUring.Cli;
using DmIoUring.SideBySide;

using Interrupt interrupt = new();
return await SideBySideCommand.RunAsync(args, Terminal.OfProcess(SideBySideCommand.Program), interrupt.Token);
