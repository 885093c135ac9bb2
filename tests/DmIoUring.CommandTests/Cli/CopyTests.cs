using System.Globalization;
using DmIoUring.Cli;
using DmIoUring.Cli.Copy;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

public sealed class CopyTests : IDisposable
{
    private const int Piece = 64 << 10;

    /// <summary>EIO.</summary>
    private const int MediumError = 5;

    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Copy_ToADeviceAFileAndANewFile_IsOnAllOfThem()
    {
        using LoopDevice loop = RequireLoop.Create(CopyFiles.SourceSize);
        string file = _files.MakeFilled("file", CopyFiles.SourceSize);
        Dmio run = await Dmio.RunAsync("copy", _files.Source, loop.Path, file, _files.PathOf("new"), "--verify", "--block-size", "64K", "--depth", "3");
        Assert.Equal("", run.Errors);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("complete, flushed, verified", run.Output, StringComparison.Ordinal);
        foreach (string path in (string[])[loop.Path, file, _files.PathOf("new")])
            Assert.Equal(_files.Content, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task Copy_FromADevice_ToFiles()
    {
        using LoopDevice loop = RequireLoop.Create(CopyFiles.SourceSize);
        File.WriteAllBytes(loop.Path, _files.Content);
        Assert.Equal(0, (await Dmio.RunAsync("copy", loop.Path, _files.PathOf("a"), _files.PathOf("b"))).ExitCode);
        Assert.Equal(_files.Content, File.ReadAllBytes(_files.PathOf("a")));
        Assert.Equal(_files.Content, File.ReadAllBytes(_files.PathOf("b")));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(Piece - 512)]
    [InlineData(Piece + 512)]
    [InlineData(3 * Piece)]
    public async Task Copy_LastPieceShorter_IsWhole_AndTheNewFileHasTheSourcesSize(int size)
    {
        string source = _files.Make("short", _files.Content[..size]);
        Assert.Equal(0, (await Dmio.RunAsync("copy", source, _files.PathOf("new"), "--verify", "--block-size", "64K")).ExitCode);
        Assert.Equal(_files.Content[..size], File.ReadAllBytes(_files.PathOf("new")));
    }

    [Fact]
    public async Task Copy_LargerDestination_KeepsWhatLiesBehind()
    {
        string larger = _files.MakeFilled("larger", CopyFiles.SourceSize + 8192);
        Dmio run = await Dmio.RunAsync("copy", _files.Source, larger, "--json");
        byte[] content = File.ReadAllBytes(larger);
        Assert.Equal(_files.Content, content[..CopyFiles.SourceSize]);
        Assert.Equal(-1, content.AsSpan(CopyFiles.SourceSize).IndexOfAnyExcept((byte)0xEE));
        Assert.Equal(8192, Assert.Single(run.CopyReport().Destinations!).UntouchedBytes);
    }

    [Fact]
    public async Task Copy_ToSixtyFourDestinations_IsOnAllOfThem()
    {
        string[] destinations = [.. Enumerable.Range(0, 64).Select(index => _files.PathOf("d" + index.ToString(CultureInfo.InvariantCulture)))];
        Assert.Equal(0, (await Dmio.RunAsync(["copy", _files.Source, .. destinations])).ExitCode);
        Assert.All(destinations, path => Assert.Equal(_files.Content, File.ReadAllBytes(path)));
    }

    [Fact]
    public async Task Copy_SecondOfThreeFails_NamesTheSector_FinishesTheOthers()
    {
        using LoopDevice bad = RequireLoop.Create(CopyFiles.SourceSize, new LoopDeviceOptions { Sealable = true });
        using LoopDevice first = LoopDevice.Create(CopyFiles.SourceSize);
        using LoopDevice third = LoopDevice.Create(CopyFiles.SourceSize);
        bad.SealBacking(5 * Piece);

        Dmio run = await Dmio.RunAsync("copy", _files.Source, first.Path, bad.Path, third.Path, "--block-size", "64K", "--verify", "--json");

        Assert.Equal(1, run.ExitCode);
        CopyReport report = run.CopyReport();
        Assert.Equal("0b010", report.Failed!.Text);
        Assert.Equal("0b000", report.Unsupported!.Text);
        CopyFailure failure = report.Destinations![1].Failure!;
        Assert.Equal((CopyPhase.Write, "EIO", 5 * Piece / 512, true), (failure.Phase, failure.Errno, failure.Sector, failure.IsExact));
        Assert.True(report.Destinations[0] is { IsComplete: true, IsVerified: true });
        Assert.True(report.Destinations[2] is { IsComplete: true, IsVerified: true });
        Assert.Equal(_files.Content, File.ReadAllBytes(first.Path));
        Assert.Equal(_files.Content, File.ReadAllBytes(third.Path));
    }

    [Fact]
    public async Task Copy_TwoFailInTheSamePiece_EachHasItsSector()
    {
        using LoopDevice first = RequireLoop.Create(CopyFiles.SourceSize, new LoopDeviceOptions { Sealable = true });
        using LoopDevice third = LoopDevice.Create(CopyFiles.SourceSize, new LoopDeviceOptions { Sealable = true });
        first.SealBacking(2 * Piece);
        third.SealBacking(2 * Piece);

        Dmio run = await Dmio.RunAsync("copy", _files.Source, first.Path, _files.PathOf("new"), third.Path, "--block-size", "64K", "--json");

        CopyReport report = run.CopyReport();
        Assert.Equal("0b101", report.Failed!.Text);
        Assert.Equal(2 * Piece / 512, report.Destinations![0].Failure!.Sector);
        Assert.Equal(2 * Piece / 512, report.Destinations[2].Failure!.Sector);
        Assert.Equal(_files.Content, File.ReadAllBytes(_files.PathOf("new")));
    }

    [Fact]
    public async Task Copy_HigherPieceFailsFirst_ReportsTheLowestSectorThatIsNotWritten()
    {
        Require.That(FaultFile.WhyUnavailable());
        using FaultFile source = FaultFile.Create(CopyFiles.SourceSize);
        using FaultFile destination = FaultFile.Create(CopyFiles.SourceSize);
        using Fault bad = destination.Fail(MediumOperations.Write, MediumError);
        using CopyPlan plan = Plan(source.Path, [destination.Path], depth: 2);
        CopyMeter meter = new() { IsShown = true };
        Task<CopyReport> job;
        using (source.Hold(MediumOperations.Read, firstSector: 0, sectors: 1))
        {
            job = new CopyRun(plan, meter).RunAsync(TestContext.Current.CancellationToken);

            // The second piece has failed and is counted; the first has not been read yet.
            Assert.True(SpinWait.SpinUntil(() => meter.CopiedBytes > 0, TimeSpan.FromSeconds(60)));
        }

        CopyReport report = await job;
        Assert.Equal(("EIO", 0L, true), (report.Destinations![0].Failure!.Errno, report.Destinations[0].Failure!.Sector, report.Destinations[0].Failure!.IsExact));
    }

    [Fact]
    public async Task Copy_EveryDestinationFails_EndsEarlyAndSaysSo()
    {
        using LoopDevice bad = RequireLoop.Create(CopyFiles.SourceSize, new LoopDeviceOptions { Sealable = true });
        bad.SealBacking(0);
        Dmio run = await Dmio.RunAsync("copy", _files.Source, bad.Path, "--verify");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("failed 0b1", run.Output, StringComparison.Ordinal);
        Assert.Contains("writing sector 0: EIO", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Copy_DestinationShrinksUnderWay_NamesTheSectorInsideThePiece()
    {
        using LoopDevice loop = RequireLoop.Create(CopyFiles.SourceSize);
        using CopyPlan plan = Plan([loop.Path, _files.PathOf("new")]);
        loop.Resize(3 * Piece + 5 * 512);

        CopyReport report = await new CopyRun(plan, new CopyMeter()).RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(CommandOutcome.Failed, report.Outcome);
        Assert.Equal("0b01", report.Failed!.Text);
        CopyFailure failure = report.Destinations![0].Failure!;
        Assert.Equal(("ENOSPC", 3 * Piece / 512 + 5, true), (failure.Errno, failure.Sector, failure.IsExact));
        Assert.Equal(_files.Content, File.ReadAllBytes(_files.PathOf("new")));
        Assert.Equal(_files.Content[..(int)loop.Size], File.ReadAllBytes(loop.Path));
    }

    [Fact]
    public async Task Copy_SourceHasABadSector_LeavesThatPiece_AndNamesTheSector()
    {
        using LoopDevice source = RequireLoop.Create(CopyFiles.SourceSize);
        RandomAccess.Write(source.BackingHandle, _files.Content, 0);
        source.TruncateBacking(4 * Piece + 4096);
        string destination = _files.MakeFilled("destination", CopyFiles.SourceSize);

        Dmio run = await Dmio.RunAsync("copy", source.Path, destination, "--block-size", "64K", "--verify", "--json");

        Assert.Equal(1, run.ExitCode);
        CopyReport report = run.CopyReport();
        Assert.Equal("0b0", report.Failed!.Text);
        Assert.Equal(("EIO", (4 * Piece + 4096) / 512, true), (report.SourceFailure!.Errno, report.SourceFailure.Sector, report.SourceFailure.IsExact));
        Assert.Equal(new SectorRange(4 * Piece / 512, 12 * Piece / 512), Assert.Single(report.NotCopied!));
        Assert.Equal(4 * Piece, report.CopiedBytes);
        Assert.False(Assert.Single(report.Destinations!).IsComplete);
        byte[] content = File.ReadAllBytes(destination);
        Assert.Equal(_files.Content[..(4 * Piece)], content[..(4 * Piece)]);
        Assert.Equal(-1, content.AsSpan(4 * Piece).IndexOfAnyExcept((byte)0xEE));
    }

    [Fact]
    public async Task Verify_DestinationDiffers_NamesTheFirstSectorThatDoes()
    {
        byte[] other = [.. _files.Content];
        other[2 * Piece + 700] ^= 1;
        other[9 * Piece] ^= 1;
        using CopyPlan plan = Plan([_files.Make("same", _files.Content), _files.Make("other", other)]);
        CopyLeg[] legs = [.. plan.Destinations.Select((destination, region) => new CopyLeg(region, destination))];

        Assert.True(await new VerifyPass(plan, new CopyMeter(), legs, new NotReadRanges([]), tail: null).RunAsync(TestContext.Current.CancellationToken));

        Assert.False(legs[0].HasFailed);
        Assert.Equal((CopyPhase.Verify, (long?)(2 * Piece / 512 + 1)), (legs[1].Failure!.Phase, legs[1].Failure!.Sector));
    }

    [Fact]
    public async Task Copy_Interrupted_SaysHowFarItGot_AndEndsWith130()
    {
        using CancellationTokenSource interrupt = new();
        await interrupt.CancelAsync();
        Dmio run = await Dmio.RunCancellableAsync(["copy", _files.Source, _files.PathOf("new"), "--json"], interrupt.Token);
        Assert.Equal(130, run.ExitCode);
        CopyReport report = run.CopyReport();
        Assert.Equal((CommandOutcome.Interrupted, 0L), (report.Outcome, report.ReachedBytes!.Value));
        Assert.False(Assert.Single(report.Destinations!).IsComplete);
    }

    [Fact]
    public async Task Copy_InterruptedUnderWay_HasWrittenAllThatItSays_AndNothingBehind()
    {
        string destination = _files.MakeFilled("destination", CopyFiles.SourceSize);
        using CopyPlan plan = Plan([destination], pieceBytes: 4096, depth: 3);
        using CancellationTokenSource interrupt = new();
        CopyMeter meter = new() { IsShown = true };
        Task<CopyReport> job = new CopyRun(plan, meter).RunAsync(interrupt.Token);
        Assert.True(SpinWait.SpinUntil(() => meter.CopiedBytes > 0, TimeSpan.FromSeconds(60)));
        await interrupt.CancelAsync();

        // Whether the end came first or the interrupt did, the report has to be true.
        CopyReport report = await job;
        int reached = (int)report.ReachedBytes!.Value;
        byte[] content = File.ReadAllBytes(destination);
        Assert.Equal(reached == CopyFiles.SourceSize ? CommandOutcome.Complete : CommandOutcome.Interrupted, report.Outcome);
        Assert.Equal(_files.Content[..reached], content[..reached]);
        Assert.Equal(-1, content.AsSpan(reached).IndexOfAnyExcept((byte)0xEE));
    }

    [Fact]
    public void Copy_AsAProcess_EndsWithTheExitCodeAndPlainText()
    {
        ChildProcess run = BuiltCommand.Run("copy", _files.Source, _files.PathOf("new"), "--verify");
        Assert.Equal(0, run.ExitCode);
        Assert.DoesNotContain('\e', run.Output);
        Assert.Equal("", run.Errors);
        Assert.Equal(_files.Content, File.ReadAllBytes(_files.PathOf("new")));
    }

    [Fact]
    public async Task Copy_OfWhatFioWrote_PassesFiosOwnVerification()
    {
        using LoopDevice loop = RequireLoop.Create(16 << 20);
        string source = _files.PathOf("fio");
        RunFio(source, "--rw=randwrite", "--do_verify=0");

        Assert.Equal(0, (await Dmio.RunAsync("copy", source, loop.Path, _files.PathOf("copy"))).ExitCode);

        RunFio(loop.Path, "--rw=randwrite", "--verify_only");
        RunFio(_files.PathOf("copy"), "--rw=randwrite", "--verify_only");
    }

    private void RunFio(string path, params string[] arguments)
    {
        ChildProcess? run = ChildProcess.Run("fio", [
            "--name=copy", "--filename=" + path, "--size=16M", "--bs=4k", "--verify=crc32c", "--randseed=7", "--verify_fatal=1",
            "--verify_state_save=0", "--ioengine=psync", "--aux-path=" + _files.Folder, .. arguments]);
        Require.That(run is null ? "there is no fio: apt-get install fio" : null);
        Assert.True(run!.ExitCode == 0, run.Output + run.Errors);
    }

    private CopyPlan Plan(string[] destinations, int pieceBytes = Piece, int depth = CopyRequest.DefaultDepth) =>
        Plan(_files.Source, destinations, pieceBytes, depth);

    private static CopyPlan Plan(string source, string[] destinations, int pieceBytes = Piece, int depth = CopyRequest.DefaultDepth)
    {
        CopyRequest request = new() { Source = source, Destinations = destinations, BlockBytes = pieceBytes, Depth = depth };
        CopyPlan? plan = CopyPlanner.Make(request, out var refusals);
        Assert.Empty(refusals);
        return plan!;
    }

    [Fact]
    public void Copy_WithIoUringForbidden_IsCarriedByWorkers_AndSaysSo()
    {
        using CProgram forbid = new("without-io-uring.c");
        Require.That(forbid.Obstacle);
        ChildProcess run = ChildProcess.Run(
            forbid.FullPath, "1", DotNetHost.Path, BuiltCommand.Assembly, "copy", "--verify", _files.Source, _files.PathOf("new"))!;
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("worker threads carry the copy", run.Errors, StringComparison.Ordinal);
        Assert.Contains("seccomp", run.Errors, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(_files.Source), File.ReadAllBytes(_files.PathOf("new")));
    }
}
