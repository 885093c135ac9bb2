using DmIoUring.Cli;
using DmIoUring.Cli.Copy;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>Destinations that somebody else changes while they are copied to, after every write was right.</summary>
public sealed class CopyFinalCheckTests : IDisposable
{
    private const int Half = CopyFiles.SourceSize / 2;
    private readonly CopyFiles _files = new();
    private readonly ScratchFolder _memory = ScratchFolder.Create("/dev/shm");

    public void Dispose()
    {
        _files.Dispose();
        _memory.Dispose();
    }

    public static TheoryData<string, bool> Files => new()
    {
        { "disk", true },
        { "disk", false },
        { "memory", true },
        { "memory", false },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public async Task FileShortened_FailsWithTheLowestMissingSector(string where, bool exists) =>
        await AssertFailsAsync(PathIn(where, exists), Half / 512, "shortened", path => SetLength(path, Half));

    [Theory]
    [MemberData(nameof(Files))]
    public async Task FileShortenedAndGrownAgain_FailsWithTheLowestEmptySector(string where, bool exists) =>
        await AssertFailsAsync(PathIn(where, exists), Half / 512, "sector 1024 is empty", path =>
        {
            SetLength(path, Half);
            SetLength(path, CopyFiles.SourceSize);
        });

    [Theory]
    [MemberData(nameof(Files))]
    public async Task FileRemoved_Fails(string where, bool exists) =>
        await AssertFailsAsync(PathIn(where, exists), 0, "removed or replaced", File.Delete);

    [Theory]
    [MemberData(nameof(Files))]
    public async Task FileReplaced_Fails(string where, bool exists) =>
        await AssertFailsAsync(PathIn(where, exists), 0, "removed or replaced", path =>
        {
            File.Move(path, path + ".old");
            File.WriteAllBytes(path, _files.Content);
        });

    [Fact]
    public async Task DeviceShrunk_FailsWithTheLowestMissingSector()
    {
        using LoopDevice loop = RequireLoop.Create(CopyFiles.SourceSize);
        await AssertFailsAsync(loop.Path, Half / 512, "shortened", _ => loop.Resize(Half));
    }

    [Fact]
    public async Task HolesWhereTheSourceIsEmpty_AreNoLoss()
    {
        string source = _files.Make("zeroes", new byte[CopyFiles.SourceSize]);
        string destination = _files.PathOf("new");
        CopyReport report = await CopyAsync(source, destination, path =>
        {
            SetLength(path, 0);
            SetLength(path, CopyFiles.SourceSize);
        });
        Assert.Equal(CommandOutcome.Complete, report.Outcome);
    }

    [Fact]
    public async Task HolesOfTheSource_AreNotRead()
    {
        string source = _memory.PathOf("sparse");
        File.WriteAllBytes(source, _files.Content[..Half]);
        SetLength(source, CopyFiles.SourceSize);
        CopyRequest request = new() { Source = source, Destinations = [_memory.PathOf("new")], Sparse = true };
        using CopyPlan? plan = CopyPlanner.Make(request, out var refusals);
        Assert.Empty(refusals);
        CopyReport report = await new CopyRun(plan!, new CopyMeter()).RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal((CommandOutcome.Complete, (long)Half), (report.Outcome, plan!.Source.Statistics.ReadBytes));
    }

    [Fact]
    public async Task Interrupted_EndsTheCheck()
    {
        string source = _files.Make("zeroes", new byte[CopyFiles.SourceSize]);
        string destination = _memory.PathOf("new");
        using CopyPlan? plan = CopyPlanner.Make(new CopyRequest { Source = source, Destinations = [destination] }, out var refusals);
        Assert.Empty(refusals);
        using CancellationTokenSource interrupt = new();
        plan!.PhaseBegins = phase =>
        {
            if (phase != CopyPhase.Check)
                return;
            SetLength(destination, 0);
            SetLength(destination, CopyFiles.SourceSize);
            interrupt.Cancel();
        };
        CopyReport report = await new CopyRun(plan, new CopyMeter()).RunAsync(interrupt.Token);
        Assert.Equal((CommandOutcome.Interrupted, CopyFiles.SourceSize), (report.Outcome, plan.Source.Statistics.ReadBytes));
    }

    private static async Task<CopyReport> CopyAsync(string source, string destination, Action<string> spoil)
    {
        using CopyPlan? plan = CopyPlanner.Make(new CopyRequest { Source = source, Destinations = [destination] }, out var refusals);
        Assert.Empty(refusals);
        plan!.PhaseBegins = phase =>
        {
            if (phase == CopyPhase.Flush)
                spoil(destination);
        };
        return await new CopyRun(plan, new CopyMeter()).RunAsync(TestContext.Current.CancellationToken);
    }

    private async Task AssertFailsAsync(string destination, long sector, string words, Action<string> spoil)
    {
        CopyReport report = await CopyAsync(_files.Source, destination, spoil);
        Assert.Equal((CommandOutcome.Failed, 1), (report.Outcome, report.ExitCode));
        DestinationReport leg = Assert.Single(report.Destinations!);
        Assert.False(leg.IsComplete);
        Assert.Equal((CopyPhase.Check, (long?)sector), (leg.Failure!.Phase, leg.Failure.Sector));
        Assert.Contains(words, leg.Failure.Message, StringComparison.Ordinal);
    }

    private string PathIn(string where, bool exists)
    {
        string path = string.Equals(where, "disk", StringComparison.Ordinal) ? _files.PathOf("destination") : _memory.PathOf("destination");
        if (exists)
            File.WriteAllBytes(path, new byte[CopyFiles.SourceSize]);
        return path;
    }

    private static void SetLength(string path, long length)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.SetLength(length);
    }
}
