using System.Globalization;
using DmIoUring.Cli;
using DmIoUring.Cli.Copy;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>What a copy does about what can't be read, where it goes on, how fast, and with holes.</summary>
public sealed class CopyOptionTests : IDisposable
{
    private const int Piece = 64 << 10;
    private const int Readable = 4 * Piece + 4096;

    private readonly CopyFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task OnErrorStop_EndsThere_AndTellsWhereToResume()
    {
        using LoopDevice source = BadSource();
        string destination = _files.MakeFilled("destination", CopyFiles.SourceSize);

        Dmio run = await Dmio.RunAsync("copy", source.Path, destination, "--bs", "64K", "--iodepth", "1", "--on-error", "stop", "--json");

        Assert.Equal(1, run.ExitCode);
        CopyReport report = run.CopyReport();
        Assert.Equal(CommandOutcome.Failed, report.Outcome);
        Assert.Equal((4 * Piece / 512, 4 * Piece), (report.ResumeSector, report.ReachedBytes));
        Assert.Equal(Readable / 512, report.SourceFailure!.Sector);
        Assert.False(Assert.Single(report.Destinations!).IsComplete);
        Assert.Equal(-1, File.ReadAllBytes(destination).AsSpan(4 * Piece).IndexOfAnyExcept((byte)0xEE));
        Dmio shown = await Dmio.RunAsync("copy", source.Path, destination, "--bs", "64K", "--iodepth", "1", "--on-error", "stop");
        Assert.Contains("--resume " + (4 * Piece / 512).ToString(CultureInfo.InvariantCulture), shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnErrorZero_KeepsWhatCanBeReadOfThePiece_ZeroesTheRest()
    {
        using LoopDevice source = BadSource();
        string destination = _files.MakeFilled("destination", CopyFiles.SourceSize);

        Dmio run = await Dmio.RunAsync("copy", source.Path, destination, "--bs", "64K", "--on-error", "zero", "--verify", "--json");

        Assert.Equal(1, run.ExitCode);
        CopyReport report = run.CopyReport();
        Assert.Equal(("EIO", Readable / 512, true), (report.SourceFailure!.Errno, report.SourceFailure.Sector, report.SourceFailure.IsExact));
        Assert.Equal(new SectorRange(Readable / 512, (CopyFiles.SourceSize - Readable) / 512), Assert.Single(report.NotCopied!));
        Assert.Equal(Readable, report.CopiedBytes);
        Assert.Null(report.ResumeSector);
        byte[] content = File.ReadAllBytes(destination);
        Assert.Equal(_files.Content[..Readable], content[..Readable]);
        Assert.Equal(-1, content.AsSpan(Readable).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task Resume_CopiesTheRest_AndLeavesTheBeginning()
    {
        string destination = _files.MakeFilled("destination", CopyFiles.SourceSize);
        Dmio run = await Dmio.RunAsync("copy", _files.Source, destination, "--resume", "1024", "--json");
        Assert.Equal(0, run.ExitCode);
        CopyReport report = run.CopyReport();
        Assert.Equal((CopyFiles.SourceSize, CopyFiles.SourceSize - 1024 * 512), (report.ReachedBytes, report.CopiedBytes));
        byte[] content = File.ReadAllBytes(destination);
        Assert.Equal(-1, content.AsSpan(0, 1024 * 512).IndexOfAnyExcept((byte)0xEE));
        Assert.Equal(_files.Content[(1024 * 512)..], content[(1024 * 512)..]);
    }

    [Theory]
    [InlineData("2048", "not inside the source")]
    [InlineData("99999999", "not inside the source")]
    public async Task Resume_BeyondTheSource_IsRefused(string sector, string says)
    {
        Dmio run = await Dmio.RunAsync("copy", _files.Source, _files.MakeFilled("destination", CopyFiles.SourceSize), "--resume", sector);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(says, run.Errors, StringComparison.Ordinal);
        CopyFiles.AssertUntouched(_files.PathOf("destination"));
    }

    [Fact]
    public async Task Resume_ToWhatIsNotThere_IsRefused()
    {
        Dmio run = await Dmio.RunAsync("copy", _files.Source, _files.PathOf("new"), "--resume", "8");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--resume", run.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_files.PathOf("new")));
    }

    [Theory]
    [InlineData("--resume", "-1")]
    [InlineData("--resume", "x")]
    [InlineData("--throttle", "0")]
    [InlineData("--throttle", "fast")]
    [InlineData("--on-error", "ignore")]
    public async Task ValueOutOfRange_IsRefused(string option, string value)
    {
        Dmio run = await Dmio.RunAsync("copy", _files.Source, _files.PathOf("new"), option, value);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(value, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Throttle_Limits()
    {
        // 15 of 16 pieces wait: 1 MiB at 8 MiB/s.
        Dmio run = await Dmio.RunAsync("copy", _files.Source, _files.PathOf("new"), "--bs", "64K", "--throttle", "8M", "--json");
        Assert.Equal(0, run.ExitCode);
        Assert.InRange(run.CopyReport().CopySeconds!.Value, 0.1, 60);
        Assert.Equal(_files.Content, File.ReadAllBytes(_files.PathOf("new")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sparse_IsTheSame_WithHoles(bool verify)
    {
        byte[] content = [.. _files.Content];
        content.AsSpan(3 * Piece, 8 * Piece).Clear();
        string source = _files.Make("sparse", content);
        string[] arguments = ["copy", source, _files.PathOf("new"), "--bs", "64K", "--sparse"];
        Dmio run = await Dmio.RunAsync(verify ? [.. arguments, "--verify"] : arguments);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(content, File.ReadAllBytes(_files.PathOf("new")));
        using BlockDevice copy = BlockDevice.Open(_files.PathOf("new"), new BlockDeviceOptions { Access = DeviceAccess.Read, Direct = false });
        Assert.Equal(new FileExtent(3 * Piece / 512, 8 * Piece / 512, IsHole: true), copy.FindExtent(3 * Piece / 512));
    }

    [Fact]
    public async Task Interrupted_UnderWay_CanBeResumed()
    {
        string destination = _files.MakeFilled("destination", CopyFiles.SourceSize);
        using CancellationTokenSource interrupt = new();

        // The whole of it would take minutes.
        Task<Dmio> copy = Dmio.RunCancellableAsync(["copy", _files.Source, destination, "--bs", "4K", "--throttle", "4K", "--json"], interrupt.Token);
        Assert.True(SpinWait.SpinUntil(() => copy.IsCompleted || BeginsAsTheSource(destination), TimeSpan.FromSeconds(60)));
        await interrupt.CancelAsync();
        Dmio run = await copy;
        Assert.Equal(130, run.ExitCode);
        CopyReport report = run.CopyReport();
        Assert.True(report.ReachedBytes > 0);
        Assert.Equal(report.ReachedBytes / 512, report.ResumeSector);

        string sector = report.ResumeSector!.Value.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(0, (await Dmio.RunAsync("copy", _files.Source, destination, "--resume", sector)).ExitCode);
        Assert.Equal(_files.Content, File.ReadAllBytes(destination));
    }

    [Fact]
    public async Task DestinationDropped_ThenInterrupted_ResumesAtWhatThatOneLacks()
    {
        using LoopDevice bad = RequireLoop.Create(CopyFiles.SourceSize, new LoopDeviceOptions { Sealable = true });
        bad.SealBacking(2 * Piece);
        string good = _files.MakeFilled("destination", CopyFiles.SourceSize);
        CopyRequest request = new() { Source = _files.Source, Destinations = [bad.Path, good], BlockBytes = Piece, Depth = 1, BytesPerSecond = 2 << 20 };
        using CopyPlan? plan = CopyPlanner.Make(request, out var refusals);
        Assert.Empty(refusals);
        using CancellationTokenSource interrupt = new();
        CopyMeter meter = new() { IsShown = true };
        Task<CopyReport> job = new CopyRun(plan!, meter).RunAsync(interrupt.Token);
        Assert.True(SpinWait.SpinUntil(() => meter.CopiedBytes >= 4 * Piece, TimeSpan.FromSeconds(60)));
        await interrupt.CancelAsync();

        CopyReport report = await job;
        Assert.Equal((CommandOutcome.Interrupted, "0b01"), (report.Outcome, report.Failed!.Text));
        Assert.True(report.ReachedBytes >= 4 * Piece);
        Assert.Equal(2 * Piece / 512, report.ResumeSector);
    }

    [Fact]
    public async Task DestinationDropped_ThenStopped_ResumesAtWhatThatOneLacks()
    {
        using LoopDevice source = BadSource();
        using LoopDevice bad = LoopDevice.Create(CopyFiles.SourceSize, new LoopDeviceOptions { Sealable = true });
        bad.SealBacking(Piece);
        Dmio run = await Dmio.RunAsync("copy", source.Path, _files.PathOf("new"), bad.Path, "--bs", "64K", "--iodepth", "1", "--on-error", "stop", "--json");
        Assert.Equal((4 * Piece, Piece / 512), (run.CopyReport().ReachedBytes, run.CopyReport().ResumeSector));
    }

    [Theory]
    [InlineData(4 * Piece)]
    [InlineData(Readable + 512)]
    public async Task OnErrorZero_Verify_ComparesAroundTheBadBlocks_AndTheZeroes(int at)
    {
        using LoopDevice source = BadSource();
        string destination = _files.MakeFilled("destination", CopyFiles.SourceSize);
        CopyRequest request = new() { Source = source.Path, Destinations = [destination], BlockBytes = Piece, OnError = CopyOnError.Zero, Verify = true };
        using CopyPlan? plan = CopyPlanner.Make(request, out var refusals);
        Assert.Empty(refusals);
        plan!.PhaseBegins = phase =>
        {
            if (phase != CopyPhase.Verify)
                return;
            using FileStream stream = new(destination, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            stream.Position = at;
            int value = stream.ReadByte();
            stream.Position = at;
            stream.WriteByte((byte)~value);
        };
        CopyReport report = await new CopyRun(plan, new CopyMeter()).RunAsync(TestContext.Current.CancellationToken);
        CopyFailure failure = Assert.Single(report.Destinations!).Failure!;
        Assert.Equal((CopyPhase.Verify, at / 512), (failure.Phase, failure.Sector));
    }

    [Fact]
    public async Task Sparse_DestinationFails_NamesTheSector_ThoughTheHolesShiftThePieces()
    {
        using ScratchFolder memory = ScratchFolder.Create("/dev/shm");
        string source = memory.PathOf("sparse");
        using (FileStream stream = File.Create(source))
        {
            stream.Position = Piece / 2;
            stream.Write(_files.Content, Piece / 2, CopyFiles.SourceSize - Piece / 2);
        }

        Require.That(FaultFile.WhyUnavailable());
        using FaultFile bad = FaultFile.Create(CopyFiles.SourceSize);
        const int first = Piece + Piece / 4;
        using Fault fault = bad.Fail(MediumOperations.Write, 5, first / 512, 1);
        Dmio run = await Dmio.RunAsync("copy", source, bad.Path, "--bs", "64K", "--sparse", "--json");
        CopyFailure failure = Assert.Single(run.CopyReport().Destinations!).Failure!;
        Assert.Equal((CopyPhase.Write, first / 512, true), (failure.Phase, failure.Sector, failure.IsExact));
    }

    private bool BeginsAsTheSource(string path)
    {
        byte[] first = new byte[4096];
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.ReadExactly(first);
        return first.AsSpan().SequenceEqual(_files.Content.AsSpan(0, first.Length));
    }

    /// <summary>A device that can be read up to <see cref="Readable"/>.</summary>
    private LoopDevice BadSource()
    {
        LoopDevice source = RequireLoop.Create(CopyFiles.SourceSize);
        RandomAccess.Write(source.BackingHandle, _files.Content, 0);
        source.TruncateBacking(Readable);
        return source;
    }
}
