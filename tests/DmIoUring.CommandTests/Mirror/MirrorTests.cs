using DmIoUring.Cli;
using DmIoUring.Cli.Mirroring;
using DmIoUring.ScratchDevices;
using DmIoUring.Services;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Mirror;

/// <summary>Mirrors are made, looked at, resynchronized and mended.</summary>
public sealed class MirrorTests : IDisposable
{
    private readonly MirrorFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Create_CopiesTheFirstLegToTheOthers()
    {
        byte[] first = File.ReadAllBytes(_files.PathOf("a"));
        MirrorReport report = await _files.CreateAsync("a b c");
        Assert.Equal((CommandOutcome.Complete, MirrorHealth.InSync, (long)MirrorFiles.DataBytes, 65536L, 48L), (report.Outcome, report.State, report.Bytes, report.RegionBytes, report.Regions));
        Assert.Equal((true, 48L, (long)MirrorFiles.DataBytes, "0b110"), (report.Resync!.IsComplete, report.Resync.CopiedRegions, report.Resync.CopiedBytes, report.Resync.InSync.Text));
        Assert.Equal(first.AsSpan(0, MirrorFiles.DataBytes), File.ReadAllBytes(_files.PathOf("a")).AsSpan(0, MirrorFiles.DataBytes));
        _files.AssertSameData("a", "b");
        _files.AssertSameData("a", "c");
        MirrorReport status = await _files.ReportAsync(0, "status c a b");
        Assert.Equal((report.Id, MirrorHealth.InSync), (status.Id, status.State));
        Assert.Equal(["a", "b", "c"], status.Legs!.Select(static leg => Path.GetFileName(leg.Path)), StringComparer.Ordinal);
    }

    [Fact]
    public async Task Create_WithoutASize_TakesWhatFits_AndFilesAreMadeForASize()
    {
        MirrorReport whole = await _files.ReportAsync(0, "create a b --assume-equal");
        Assert.Equal((MirrorFiles.LegBytes - 3 * 4096L, MirrorHealth.InSync, (MirrorResyncReport?)null), (whole.Bytes!.Value, whole.State, whole.Resync));
        MirrorReport made = await _files.ReportAsync(0, "create c =new1 =new2 --size 2M");
        Assert.Equal([false, true, true], made.Legs!.Select(static leg => leg.IsCreated));
        Assert.Equal((2 << 20) + 3 * 4096, new FileInfo(_files.PathOf("new2")).Length);
        _files.AssertSameData("c", "new2", 2 << 20);
    }

    [Fact]
    public async Task Create_NoResync_LeavesTheOthersOutOfSync_AndResyncCopiesThem()
    {
        MirrorReport made = await _files.CreateAsync(options: "--no-resync");
        Assert.Equal((CommandOutcome.Complete, MirrorHealth.Degraded), (made.Outcome, made.State));
        MirrorReport status = await _files.ReportAsync(1, "status a b");
        Assert.Equal((MirrorHealth.Degraded, MirrorLegCondition.OutOfSync, true, 48L), (status.State, status.Legs![1].State, status.Legs[1].NeedsFullResync, status.Legs[1].RegionsToCopy));
        MirrorReport resync = await _files.ReportAsync(0, "resync b a");
        Assert.Equal((MirrorHealth.InSync, 48L), (resync.State, resync.Resync!.CopiedRegions));
        _files.AssertSameData("a", "b");
        Assert.Null((await _files.ReportAsync(0, "resync a b")).Resync);
    }

    [Fact]
    public async Task Status_WritesNothing()
    {
        await _files.CreateAsync(options: "--no-resync");
        byte[] left = File.ReadAllBytes(_files.PathOf("a")), right = File.ReadAllBytes(_files.PathOf("b"));
        File.SetUnixFileMode(_files.PathOf("a"), UnixFileMode.UserRead);
        await _files.ReportAsync(1, "status a b");
        await _files.ReportAsync(1, "status a");
        await _files.ReportAsync(2, "status b");
        Assert.Equal(left, File.ReadAllBytes(_files.PathOf("a")));
        Assert.Equal(right, File.ReadAllBytes(_files.PathOf("b")));
    }

    [Fact]
    public async Task MissingLeg_IsShown_WithoutIt_AndCopiedWhenItIsBack()
    {
        await _files.CreateAsync("a b c");
        MirrorReport status = await _files.ReportAsync(1, "status a c");
        Assert.Equal((MirrorHealth.Degraded, MirrorLegCondition.Missing, (string?)null), (status.State, status.Legs![1].State, status.Legs[1].Path));
        MirrorReport without = await _files.ReportAsync(0, "resync a c --allow-missing");
        Assert.Equal((CommandOutcome.Complete, MirrorHealth.Degraded), (without.Outcome, without.State));
        MirrorReport back = await _files.ReportAsync(1, "status a b c");
        Assert.Equal((MirrorLegCondition.OutOfSync, false), (back.Legs![1].State, back.Legs[1].NeedsFullResync));
        Assert.Equal(MirrorHealth.InSync, (await _files.ReportAsync(0, "resync a b c")).State);
    }

    [Fact]
    public async Task SplitMirror_IsRefused_UntilOneLegIsTrusted()
    {
        await _files.CreateAsync();
        await _files.ReportAsync(0, "resync a --allow-missing");
        await _files.ReportAsync(0, "resync b --allow-missing");
        MirrorReport status = await _files.ReportAsync(2, "status a b");
        Assert.Equal((MirrorHealth.Unusable, MirrorUnusable.Split), (status.State, Assert.Single(status.Unusable!).Refusal));
        (await _files.RunAsync("status a b")).AssertRefused("leg", "split mirror", "dmio mirror resync --trust LEG");
        (await _files.RunAsync("resync a b")).AssertRefused("split mirror", "--trust LEG");

        // Something that only b has is lost.
        using (FileStream leg = new(_files.PathOf("b"), FileMode.Open))
            leg.Write("only here"u8);
        MirrorReport report = await _files.ReportAsync(0, "resync a b --trust a");
        Assert.Equal((MirrorHealth.InSync, 48L), (report.State, report.Resync!.CopiedRegions));
        _files.AssertSameData("a", "b");
    }

    [Theory]
    [InlineData("replace a b --leg 1 --with c")]
    [InlineData("replace a --leg 1 --with c")]
    [InlineData("replace a --leg 1 --with =new")]
    [InlineData("replace b --leg 0 --with c")]
    public async Task Replace_CopiesAllToTheNewLeg(string words)
    {
        await _files.CreateAsync();
        MirrorReport report = await _files.ReportAsync(0, words);
        Assert.Equal((CommandOutcome.Complete, MirrorHealth.InSync, 48L), (report.Outcome, report.State, report.Resync!.CopiedRegions));
        string[] legs = [.. report.Legs!.Select(static leg => leg.Path!)];
        MirrorFiles.AssertSameData(legs[0], legs[1], MirrorFiles.DataBytes);
        MirrorReport old = await _files.ReportAsync(2, "status a b " + (words.Contains("=new", StringComparison.Ordinal) ? "=new" : "c"));
        Assert.Equal(MirrorUnusable.Foreign, Assert.Single(old.Unusable!).Refusal);
    }

    [Fact]
    public async Task Replace_NoResync_LeavesItForLater()
    {
        await _files.CreateAsync();
        MirrorReport report = await _files.ReportAsync(0, "replace a b --leg 1 --with c --no-resync");
        Assert.Equal((MirrorHealth.Degraded, "was replaced"), (report.State, report.Legs![1].Reason));
        (await _files.RunAsync("replace a c --leg 0 --with =new")).AssertRefused("leg 0 is the only one in sync", "dmio mirror resync");
        Assert.False(File.Exists(_files.PathOf("new")));
        Assert.Equal(MirrorHealth.InSync, (await _files.ReportAsync(0, "resync a c")).State);
    }

    [Theory]
    [InlineData(512, 4096)]
    [InlineData(4096, 4096)]
    public async Task LoopDevices_AreLegs(int leftBlock, int rightBlock)
    {
        using LoopDevice left = RequireLoop.Create(MirrorFiles.LegBytes, new LoopDeviceOptions { BlockSize = leftBlock });
        using LoopDevice right = RequireLoop.Create(MirrorFiles.LegBytes, new LoopDeviceOptions { BlockSize = rightBlock });
        using LoopDevice spare = RequireLoop.Create(MirrorFiles.LegBytes);
        byte[] content = new byte[MirrorFiles.DataBytes];
        new Random(9).NextBytes(content);
        RandomAccess.Write(left.BackingHandle, content, 0);
        await _files.ReportAsync(0, $"create {left.Path} {right.Path} --size 3M");
        MirrorFiles.AssertSameData(left.Path, right.Path, MirrorFiles.DataBytes);
        await _files.ReportAsync(0, $"replace {right.Path} --leg 0 --with {spare.Path}");
        MirrorFiles.AssertSameData(spare.Path, right.Path, MirrorFiles.DataBytes);
        byte[] copied = new byte[content.Length];
        RandomAccess.Read(spare.BackingHandle, copied, 0);
        Assert.Equal(content, copied);
        Assert.Equal(MirrorHealth.InSync, (await _files.ReportAsync(0, $"status {spare.Path} {right.Path}")).State);
    }

    [Fact]
    public async Task LegThatFails_EndsWithOne_AndTheReason()
    {
        using FaultDevice faulty = new(size: MirrorFiles.LegBytes);
        await _files.ReportAsync(0, $"create a {faulty.Path} --size 3M --no-resync");
        using (faulty.File.Fail(Testing.MediumOperations.Write, errno: 5, firstSector: 2048, sectors: 8))
        {
            MirrorReport report = await _files.ReportAsync(1, $"resync a {faulty.Path}");
            Assert.Equal((CommandOutcome.Failed, MirrorHealth.Degraded, "0b10"), (report.Outcome, report.State, report.Resync!.Failed.Text));
            Assert.Contains("EIO", report.Legs![1].Reason, StringComparison.Ordinal);
        }

        Assert.Equal(MirrorHealth.InSync, (await _files.ReportAsync(0, $"resync a {faulty.Path}")).State);
    }

    [Fact]
    public async Task SectorThatNoLegInSyncCanRead_IsNamed()
    {
        using FaultDevice faulty = new(size: MirrorFiles.LegBytes);
        await _files.ReportAsync(0, $"create {faulty.Path} b --size 3M --no-resync");
        using (faulty.File.Fail(Testing.MediumOperations.Read, errno: 5, firstSector: 2048, sectors: 8))
        {
            MirrorReport report = await _files.ReportAsync(1, $"resync {faulty.Path} b");
            Assert.Equal((CommandOutcome.Failed, 2048L), (report.Outcome, report.Resync!.UnreadableSector));
            Assert.Contains("sector 2048 could be read from no leg in sync", report.Legs![1].Reason, StringComparison.Ordinal);
        }

        Assert.Equal(MirrorHealth.InSync, (await _files.ReportAsync(0, $"resync {faulty.Path} b")).State);
    }

    [Fact]
    public async Task Checksums_FindWrongDataOnTheLegThatIsCopied_AndAReplacementHasThem()
    {
        MirrorReport made = await _files.CreateAsync(options: "--checksums");
        Assert.True(made.HasChecksums);
        Assert.Contains("of every 4 KiB", (await _files.RunAsync("status a b")).Output, StringComparison.Ordinal);
        using (FileStream leg = new(_files.PathOf("a"), FileMode.Open))
        {
            leg.Seek(1 << 20, SeekOrigin.Begin);
            leg.Write([1, 2, 3, 4]);
        }

        MirrorReport lost = await _files.ReportAsync(1, "replace a --leg 1 --with =new");
        Assert.Equal(2048L, lost.Resync!.UnreadableSector);
        Assert.Contains("sector 2048 could be read from no leg in sync", lost.Legs![1].Reason, StringComparison.Ordinal);
        Assert.Equal((MirrorFiles.DataBytes + 4 * 4096, true), (new FileInfo(_files.PathOf("new")).Length, lost.HasChecksums));
    }

    [Fact]
    public async Task Checksums_OfMoreThanTheirMost_AreRefused() =>
        (await _files.RunAsync("create =x =y --size 8T --checksums")).AssertRefused("--checksums are of at most 4 TiB", "Pass a smaller --size");

    /// <summary>Without a size the metadata is no data: a leg that is larger than the most by no more than that is one.</summary>
    [Fact]
    public void Checksums_OfLegsThatHoldMoreThanTheirMost_AreRefused_AndOfThoseThatDoNotAreNot()
    {
        long most = MirrorCreateOptions.MaxChecksummedSectors, first = new MirrorCreateOptions { Checksums = true }.LegSectorsFor(most + 8);
        Assert.True(first > most + 8);
        foreach ((long sectors, bool isRefused) in (ReadOnlySpan<(long, bool)>)[(most, false), (most + 8, false), (first - 1, false), (first, true)])
        {
            string[] legs = [_files.PathOf("first"), _files.PathOf("second")];
            foreach (string leg in legs)
                MakeSparse(leg, sectors * IoRegion.SectorSize);
            MirrorRequest request = new() { Action = MirrorAction.Create, Legs = legs, Checksums = true };
            using MirrorPlan? plan = MirrorPlanner.Make(request, TestContext.Current.CancellationToken, out IReadOnlyList<Refusal> refusals);
            Assert.Equal(isRefused, plan is null);
            Assert.Equal(isRefused ? ["--checksums are of at most 4 TiB"] : [], refusals.Select(static refusal => refusal.Reason), StringComparer.Ordinal);
        }

        static void MakeSparse(string path, long bytes)
        {
            try
            {
                using FileStream file = new(path, FileMode.Create);
                file.SetLength(bytes);
            }
            catch (IOException exception)
            {
                Assert.Skip($"there are no files of {bytes} bytes here: {exception.Message}");
            }
        }
    }

    [Fact]
    public async Task LegsOfDifferentSizes_HaveTheirMetadataAtTheirOwnEnds()
    {
        _files.Make("d", (6 << 20) + 1000);
        MirrorReport report = await _files.ReportAsync(0, "create a d");
        Assert.Equal(MirrorFiles.LegBytes - 3 * 4096L, report.Bytes);
        Assert.Equal(MirrorHealth.InSync, (await _files.ReportAsync(0, "status d a")).State);
        _files.AssertSameData("a", "d", (int)report.Bytes!.Value);

        // The superblocks are where the size puts them: a leg of another size has none.
        using (FileStream leg = new(_files.PathOf("d"), FileMode.Open))
            leg.SetLength(5 << 20);
        (await _files.RunAsync("status a d")).AssertRefused("d: is no leg of a mirror", "look whether its size has changed");
    }
}
