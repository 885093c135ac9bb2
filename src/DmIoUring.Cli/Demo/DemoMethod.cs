using DmIoUring.Cli.Bench;

namespace DmIoUring.Cli.Demo;

/// <summary>A way to write the same bytes to all three.</summary>
/// <param name="Name">What a program calls.</param>
/// <param name="How">What happens in a write, which is why it takes longer than another where it does.</param>
/// <param name="Driver">How <c>dmio bench</c> would be told to do it.</param>
/// <param name="MakeLoad">What keeps the queue full.</param>
internal sealed record DemoMethod(string Name, string How, BenchDriver Driver, Func<BenchRun, BenchLoad> MakeLoad);
