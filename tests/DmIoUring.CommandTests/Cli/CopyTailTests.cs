using DmIoUring.Cli;
using DmIoUring.Cli.Copy;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>Sources that are no whole number of blocks.</summary>
public sealed class CopyTailTests : IDisposable
{
    private const int Iso = 2_050_048;
    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    public static TheoryData<int> Sizes => [1, 511, 513, 1000, 4095, 4097, 4608, (64 << 10) + 1, (1 << 20) - 1, Iso, Iso + 1];

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Copy_OddSize_IsWholeEverywhere_AndNothingBehindItChanges(int size)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        using ScratchFolder memory = ScratchFolder.Create("/dev/shm");
        using LoopDevice small = RequireLoop.Create(4 << 20);
        using LoopDevice large = LoopDevice.Create(4 << 20, new LoopDeviceOptions { BlockSize = 4096 });
        string behind = _files.MakeFilled("behind", 4 << 20);
        foreach (string device in (string[])[small.Path, large.Path])
            File.WriteAllBytes(device, File.ReadAllBytes(behind));
        foreach (string source in (string[])[_files.Make("odd", content), memory.PathOf("odd")])
        {
            File.WriteAllBytes(source, content);
            string[] created = [_files.PathOf("new"), memory.PathOf("new")];

            Dmio run = await Dmio.RunAsync(["copy", source, small.Path, large.Path, behind, .. created, "--verify", "--block-size", "64K"]);

            Assert.Equal("", run.Errors);
            Assert.Equal(0, run.ExitCode);
            foreach (string path in created)
            {
                Assert.Equal(content, File.ReadAllBytes(path));
                File.Delete(path);
            }

            foreach (string path in (string[])[small.Path, large.Path, behind])
            {
                byte[] all = File.ReadAllBytes(path);
                Assert.Equal(content, all[..size]);
                Assert.Equal(-1, all.AsSpan(size).IndexOfAnyExcept((byte)0xEE));
            }
        }
    }

    [Fact]
    public async Task Copy_SectorsToLargerBlocks_AreWhole()
    {
        using LoopDevice source = RequireLoop.Create((64 << 10) + 512);
        using LoopDevice destination = LoopDevice.Create(128 << 10, new LoopDeviceOptions { BlockSize = 4096 });
        byte[] content = _files.Content[..(int)source.Size];
        File.WriteAllBytes(source.Path, content);
        Assert.Equal(0, (await Dmio.RunAsync("copy", source.Path, destination.Path, "--verify")).ExitCode);
        Assert.Equal(content, File.ReadAllBytes(destination.Path)[..content.Length]);
    }

    [Fact]
    public async Task Copy_TailCannotBeWritten_NamesItsSector_AndFinishesTheOthers()
    {
        using LoopDevice bad = RequireLoop.Create(1 << 20);
        using CopyPlan plan = Plan(_files.Make("odd", _files.Content[..(8192 + 100)]), bad.Path, _files.PathOf("new"));
        bad.Resize(8192);
        CopyReport report = await new CopyRun(plan, new CopyMeter()).RunAsync(TestContext.Current.CancellationToken);
        CopyFailure failure = report.Destinations![0].Failure!;
        Assert.Equal(("0b01", CopyPhase.Write, 16L), (report.Failed!.Text, failure.Phase, failure.Sector));
        Assert.True(report.Destinations[1].IsComplete);
        Assert.Equal(_files.Content[..(8192 + 100)], File.ReadAllBytes(_files.PathOf("new")));
    }

    [Fact]
    public async Task Copy_TailCannotBeRead_IsTheSourcesFailure_AndNobodyGetsOne()
    {
        string source = _files.Make("odd", _files.Content[..(8192 + 100)]);
        string destination = _files.MakeFilled("destination", 16384);
        using CopyPlan plan = Plan(source, destination);
        using (FileStream stream = File.OpenWrite(source))
            stream.SetLength(8192);
        CopyReport report = await new CopyRun(plan, new CopyMeter()).RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal((CommandOutcome.Failed, "0b0", 8192L), (report.Outcome, report.Failed!.Text, report.CopiedBytes));
        Assert.Equal((CopyPhase.Read, "EIO", 16L), (report.SourceFailure!.Phase, report.SourceFailure.Errno, report.SourceFailure.Sector));
        Assert.Equal(new SectorRange(16, 1), Assert.Single(report.NotCopied!));
        Assert.False(report.Destinations![0].IsComplete);
        Assert.Equal(-1, File.ReadAllBytes(destination).AsSpan(8192).IndexOfAnyExcept((byte)0xEE));
    }

    [Fact]
    public async Task Verify_TailDiffers_NamesTheSector()
    {
        string destination = _files.PathOf("new");
        using CopyPlan plan = Plan(_files.Make("odd", _files.Content[..(8192 + 600)]), destination);
        plan.PhaseBegins = phase =>
        {
            if (phase != CopyPhase.Verify)
                return;
            using FileStream stream = new(destination, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            stream.Position = 8192 + 599;
            stream.WriteByte((byte)~_files.Content[8192 + 599]);
        };
        CopyReport report = await new CopyRun(plan, new CopyMeter()).RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal((CopyPhase.Verify, 17L), (report.Destinations![0].Failure!.Phase, report.Destinations[0].Failure!.Sector));
    }

    [Fact]
    public async Task Copy_TailCannotBeRead_OnErrorZero_IsZeroes()
    {
        string source = _files.Make("odd", _files.Content[..(8192 + 100)]);
        string destination = _files.MakeFilled("destination", 16384);
        using CopyPlan plan = Plan(CopyOnError.Zero, source, destination);
        using (FileStream stream = File.OpenWrite(source))
            stream.SetLength(8192);
        CopyReport report = await new CopyRun(plan, new CopyMeter()).RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal((CommandOutcome.Failed, 8192L, null), (report.Outcome, report.CopiedBytes, report.ResumeSector));
        Assert.Equal(new SectorRange(16, 1), Assert.Single(report.NotCopied!));
        Assert.Null(report.Destinations![0].Failure);
        Assert.Equal([.. _files.Content[..8192], .. new byte[100], 0xEE], File.ReadAllBytes(destination)[..(8192 + 101)]);
    }

    [Fact]
    public async Task Copy_TailCannotBeRead_OnErrorStop_TellsWhereToResume()
    {
        string source = _files.Make("odd", _files.Content[..(8192 + 100)]);
        string destination = _files.MakeFilled("destination", 16384);
        using (CopyPlan plan = Plan(CopyOnError.Stop, source, destination))
        {
            using (FileStream stream = File.OpenWrite(source))
                stream.SetLength(8192);
            CopyReport report = await new CopyRun(plan, new CopyMeter()).RunAsync(TestContext.Current.CancellationToken);
            Assert.Equal((CommandOutcome.Failed, 8192L, 16L), (report.Outcome, report.ReachedBytes, report.ResumeSector));
            Assert.Null(report.NotCopied);
            Assert.False(report.Destinations![0].IsComplete);
        }

        _files.Make("odd", _files.Content[..(8192 + 100)]);
        Assert.Equal(0, (await Dmio.RunAsync("copy", source, destination, "--resume", "16")).ExitCode);
        Assert.Equal([.. _files.Content[..(8192 + 100)], 0xEE], File.ReadAllBytes(destination)[..(8192 + 101)]);
    }

    private static CopyPlan Plan(string source, params string[] destinations) => Plan(CopyOnError.Skip, source, destinations);

    private static CopyPlan Plan(CopyOnError onError, string source, params string[] destinations)
    {
        CopyPlan? plan = CopyPlanner.Make(new CopyRequest { Source = source, Destinations = destinations, Verify = true, OnError = onError }, out var refusals);
        Assert.Empty(refusals);
        return plan!;
    }
}
