using DmIoUring.Cli.Stress;

namespace DmIoUring.CommandTests.Cli;

/// <summary>A run on two files, in which a test spoils something at a time of its choice.</summary>
internal sealed class SpoiledRun : IDisposable
{
    private const int Size = 2 << 20;
    private readonly CopyFiles _files = new();
    private readonly StressPlan _plan;

    public SpoiledRun()
    {
        StressRequest request = new()
        {
            Paths = [_files.Make("a", []), _files.Make("b", [])],
            Seed = 7,
            Time = TimeSpan.FromSeconds(2),
            Size = Size,
            Threads = 2,
        };
        _plan = StressPlanner.Make(request, out _)!;
    }

    public IReadOnlyList<StressLeg> Legs => _plan.Legs;

    public async Task<Finding> RunAsync(StressPhase phase, Action spoil)
    {
        _plan.PhaseBegins = begins =>
        {
            if (begins == phase)
                spoil();
        };
        return await RunAsync();
    }

    public async Task<Finding> RunAsync(Action<StressPhase> spoil)
    {
        _plan.PhaseBegins = spoil;
        return await RunAsync();
    }

    public byte[] Medium(int leg) => File.ReadAllBytes(Legs[leg].Path);

    public void Put(int leg, long sector, ReadOnlySpan<byte> bytes, int offset = 0)
    {
        using FileStream stream = new(Legs[leg].Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.Position = (sector * IoRegion.SectorSize) + offset;
        stream.Write(bytes);
    }

    /// <summary>The first sector from one on that certainly holds what a write has put there.</summary>
    public long SectorWithData(int leg, long from = 0)
    {
        for (long sector = from; ; sector++)
        {
            if (Legs[leg].Contents.Possible(sector) is [> ContentMap.Zeroes])
                return sector;
        }
    }

    public void Dispose()
    {
        _plan.Dispose();
        _files.Dispose();
    }

    private async Task<Finding> RunAsync()
    {
        StressReport report = await new StressJob(_plan, new StressProgress()).RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal((StressOutcome.Failed, 1), (report.Outcome, report.ExitCode));
        Assert.NotNull(report.Finding);
        return report.Finding;
    }
}
