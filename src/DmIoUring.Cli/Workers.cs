namespace DmIoUring.Cli;

/// <summary>Several at once, each with memory of its own: what keeps a device's queue full.</summary>
internal static class Workers
{
    public static Task RunAsync(int count, Func<Task> work) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => Task.Run(work)));
}
