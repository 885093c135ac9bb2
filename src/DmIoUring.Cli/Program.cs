using DmIoUring.Cli;
using DmIoUring.Cli.Commands;

using Interrupt interrupt = new();
return await CommandLine.RunAsync(args, Terminal.OfProcess(), interrupt.Token);
