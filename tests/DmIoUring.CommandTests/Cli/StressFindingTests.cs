using DmIoUring.Cli.Stress;
using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

/// <summary>The command bites: what is spoiled below it, or reported wrongly to it, is found, in the right place.</summary>
public sealed class StressFindingTests : IDisposable
{
    private readonly SpoiledRun _run = new();

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(511)]
    public async Task FlippedByte_IsFoundInItsSector_WithTheEvidence(int at)
    {
        long sector = 0;
        byte found = 0;
        Finding finding = await _run.RunAsync(StressPhase.ReadBack, () =>
        {
            sector = _run.SectorWithData(leg: 1, from: 1000);
            found = (byte)~_run.Medium(1)[(sector * 512) + at];
            _run.Put(1, sector, [found], at);
        });
        AssertWrongBytes(finding, leg: 1, sector);
        Assert.Equal(at, finding.ByteInSector);
        Assert.StartsWith($"{at / 16 * 16:x3}: ", finding.FoundBytes, StringComparison.Ordinal);
        Assert.NotEqual(finding.ExpectedBytes, finding.FoundBytes, StringComparer.Ordinal);
        Assert.Equal("the same: it is on the device", finding.ReadAgain);
        Assert.NotEmpty(finding.History!);
    }

    [Fact]
    public async Task OldBlockPutBack_IsFoundAsAnOldGeneration()
    {
        byte[] old = [];
        long sector = 0;
        Finding finding = await _run.RunAsync(phase =>
        {
            if (phase == StressPhase.Work)
                old = _run.Medium(0);
            if (phase != StressPhase.ReadBack)
                return;
            byte[] now = _run.Medium(0);
            do
                sector = _run.SectorWithData(0, sector + 1);
            while (now.AsSpan((int)sector * 512, 512).SequenceEqual(old.AsSpan((int)sector * 512, 512)));
            _run.Put(0, sector, old.AsSpan((int)sector * 512, 512));
        });
        AssertWrongBytes(finding, leg: 0, sector);
        Assert.Equal("generation 0:1 for legs 0b1", finding.Found);
        Assert.NotEqual("generation 0:1", Assert.Single(finding.Expected!), StringComparer.Ordinal);
    }

    [Fact]
    public async Task BlockInTheWrongPlace_IsFoundAsAnotherSectors()
    {
        long from = 0;
        long to = 0;
        Finding finding = await _run.RunAsync(StressPhase.ReadBack, () =>
        {
            from = _run.SectorWithData(0);
            to = _run.SectorWithData(0, from + 1);
            _run.Put(0, to, _run.Medium(0).AsSpan((int)from * 512, 512));
        });
        AssertWrongBytes(finding, leg: 0, to);
        Assert.Contains($"belongs to sector {from}", finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BlockOfAnotherLeg_IsFound()
    {
        // After the first writing every sector is meant for one leg only.
        Finding finding = await _run.RunAsync(phase =>
        {
            if (phase != StressPhase.Work)
                return;
            for (int sector = 16; sector < 4096; sector += 16)
                _run.Put(1, sector, _run.Medium(0).AsSpan(sector * 512, 512));
        });
        AssertWrongBytes(finding, leg: 1, finding.Sector!.Value);
        Assert.Equal("generation 0:1 for legs 0b1", finding.Found);
    }

    [Fact]
    public async Task LostWrite_IsFound()
    {
        long sector = 0;
        Finding finding = await _run.RunAsync(StressPhase.ReadBack, () =>
        {
            sector = _run.SectorWithData(0, from: 500);
            _run.Put(0, sector, new byte[512]);
        });
        AssertWrongBytes(finding, leg: 0, sector);
        Assert.Equal("zeroes", finding.Found);
    }

    [Fact]
    public async Task MediumSpoiledUnderTheRun_EndsIt_LongBeforeItsTime()
    {
        RequireFault.Here();
        using FaultFile medium = FaultFile.Create(2 << 20, new FaultFileOptions { Logs = false });
        using LoopDevice loop = LoopDevice.Over(medium.Path);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task spoiling = Task.Run(async () =>
        {
            byte[] rubbish = new byte[512];
            Array.Fill(rubbish, (byte)0xEE);
            while (!stop.IsCancellationRequested)
            {
                for (int sector = 0; sector < 64; sector++)
                    medium.Write(sector, rubbish);
                await Task.Delay(1);
            }
        });
        Dmio run = await Dmio.RunAsync("stress", loop.Path, "--destroy", "--time", "2m", "--json");
        await stop.CancelAsync();
        await spoiling;
        Assert.Equal(1, run.ExitCode);
        StressReport report = run.StressReport();
        Assert.Equal(FindingKind.WrongBytes, report.Finding!.Kind);
        Assert.InRange(report.Finding.Sector!.Value, 0, 63);
        Assert.Equal("nothing that this command writes", report.Finding.Found);
        Assert.True(report.Seconds < 100, $"It took {report.Seconds} s.");
    }

    [Fact]
    public async Task WritesRefusedUnderTheRun_AreAFinding_WithTheirErrno()
    {
        RequireFault.Here();
        using FaultFile medium = FaultFile.Create(2 << 20, new FaultFileOptions { Logs = false });
        using LoopDevice loop = LoopDevice.Over(medium.Path);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task refusing = Task.Run(async () =>
        {
            while (medium.Read(4095, 1)[0] == 0 && !stop.IsCancellationRequested)
                await Task.Delay(1);
            loop.SetReadOnly(readOnly: true);
        });
        Dmio run = await Dmio.RunAsync("stress", loop.Path, "--destroy", "--time", "2m");
        await stop.CancelAsync();
        await refusing;
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("EPERM", run.Output, StringComparison.Ordinal);
        Assert.Contains("Not clean", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PowerCutThatLosesWhatWasNotFlushed_IsFound()
    {
        RequireFault.Here();
        using FaultFile medium = FaultFile.Create(2 << 20, new FaultFileOptions { Volatile = true, Logs = false });
        using LoopDevice loop = LoopDevice.Over(medium.Path);
        StressRequest request = new() { Paths = [loop.Path], Destroy = true, Time = TimeSpan.FromMinutes(2), Threads = 1 };
        using StressPlan plan = StressPlanner.Make(request, out _)!;
        plan.PhaseBegins = phase =>
        {
            if (phase != StressPhase.Work)
                return;
            int seed = 0;
            while (medium.PowerCut(seed++).Lost == 0)
                Assert.True(seed < 100);
            medium.PowerUp();
        };
        StressReport report = await new StressJob(plan, new StressProgress()).RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal((StressOutcome.Failed, FindingKind.WrongBytes), (report.Outcome, report.Finding!.Kind));
        Assert.Equal("zeroes", report.Finding.Found);
    }

    [Fact]
    public async Task FailureOnASoundDevice_IsAFinding()
    {
        Finding finding = await _run.RunAsync(StressPhase.Work, () =>
        {
            using FileStream stream = new(_run.Legs[0].Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            stream.SetLength(0);
        });
        Assert.Contains(finding.Kind, (FindingKind[])[FindingKind.UnexpectedFailure, FindingKind.WrongBytes]);
        Assert.Equal(_run.Legs[0].Path, finding.Path);
    }

    [Fact]
    public async Task SuccessOnABrokenDevice_IsAFinding()
    {
        Finding finding = await _run.RunAsync(StressPhase.Work, () => _run.Legs[1].Fault = FaultState.Broken(new PretendedFault()));
        Assert.Equal(FindingKind.MissedFailure, finding.Kind);
        Assert.Equal(_run.Legs[1].Path, finding.Path);
        Assert.Contains("ended well, but " + finding.Path + " is pretended", finding.Message, StringComparison.Ordinal);
    }

    private void AssertWrongBytes(Finding finding, int leg, long sector) =>
        Assert.Equal((FindingKind.WrongBytes, _run.Legs[leg].Path, sector), (finding.Kind, finding.Path!, finding.Sector!.Value));

    private sealed class PretendedFault : IFault
    {
        public string Name => "pretended";

        public FaultEffect EffectOn(OperationKind kind, IoFlags flags, in StressRegion region) => FaultEffect.Fails;

        public void Mend()
        {
        }
    }
}
