using System.Text.Json;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Cli;

public sealed class BenchTests
{
    /// <summary>EIO.</summary>
    private const int MediumError = 5;

    private static readonly string[] Percentiles = ["p50", "p99", "p99_9", "max"];

    public static TheoryData<string> Ways =>
    [
        "--driver reactor --rw randread --iodepth 16 --batch 4",
        "--driver reactor --rw randrw --destroy --fixed off",
        "--driver reactor --ring worker --rw read --iodepth 8",
        "--driver reactor --rw randread --sqpoll 1",
        "--driver lane --rw randwrite --destroy --numjobs 2 --lanes 2",
        "--driver lane --rw randread --submit thread --batch 8",
        "--driver lane --rw randread --completion await --iodepth 4 --spin 20",
        "--driver sync --rw randread --wait busy",
        "--driver reactor --rw randread --wait sleep",
        "--driver lane --rw randread --completion inline --cpus 0 --batch-wait 0",
        "--driver sync --rw write --destroy --bs 64K --numjobs 2",
        "--driver reactor --rw randwrite --destroy --durable --iodepth 4",
        "--driver reactor --rw randread --rate 500 --numjobs 2",
        "--driver lane --rw randread --rate 500 --iodepth 4",
        "--driver lane --rw randread --rate 500 --submit thread",
        "--driver sync --rw randread --rate 500 --numjobs 2",
        "--driver reactor --rw randread --mem iomemory --iodepth 8",
        "--driver lane --rw randrw --destroy --mem array --iodepth 8",
        "--driver reactor --rw randread --mem pages --bs 16K",
        "--driver lane --rw randread --mem pointer --bs 8K",
    ];

    public static TheoryData<string> PerDeviceWays =>
    [
        "--driver lane --iodepth 8 --numjobs 2 --lanes 2",
        "--driver lane --iodepth 8 --completion await",
        "--driver lane --iodepth 8 --submit thread --batch 4",
        "--driver reactor --iodepth 8 --numjobs 2",
        "--driver sync --numjobs 2",
    ];

    public static TheoryData<string, string> NotMeantTogether => new()
    {
        { "--driver sync --iodepth 4", "--iodepth 4" },
        { "--driver lane --batch 4", "--batch 4" },
        { "--driver reactor --iodepth 4 --batch 8", "--batch 8" },
        { "--driver reactor --lanes 2", "--lanes 2" },
        { "--driver reactor --wait sleep --spin 5", "--spin 5" },
        { "--driver reactor --cpus 0", "--cpus 0" },
        { "--driver reactor --completion await", "--completion await" },
        { "--driver sync --sqpoll 5", "--sqpoll 5" },
        { "--driver lane --ring worker --sqpoll 5", "--sqpoll 5" },
        { "--driver lane --sqpoll-cpu 0", "--sqpoll-cpu 0" },
        { "--driver lane --iopoll busy --sqpoll 5", "--iopoll busy" },
        { "--driver sync --iopoll hybrid", "--iopoll hybrid" },
        { "--driver lane --worker-threads 4", "--worker-threads 4" },
        { "--driver lane --cpus 1023", "processor 1023" },
        { "--driver lane --cpus 0,x", "0,x" },
        { "--rw randread --rwmixread 30", "--rwmixread 30" },
        { "--rw randread --durable", "--durable" },
        { "--rate 100 --batch 4 --submit thread", "--batch 4" },
        { "--rate 100 --submit callback", "--rate_iops 100" },
        { "--rate 100 --completion await", "--rate_iops 100" },
        { "--rate 0", "--rate 0" },
        { "--rw randwrite", "--destroy" },
        { "--bs 1000", "1000" },
        { "--rw randread --per-device", "--per-device" },
        { "--rw randread --mem stack", "--mem stack" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task EveryWay_IsMeasured_AndReportedInJson(string way)
    {
        using LoopDevice device = RequireLoop.Create(4 << 20);
        JsonElement report = await MeasureAsync(device.Path, way.Split(' '));
        Assert.Equal("complete", report.GetProperty("outcome").GetString());
        Assert.True(report.GetProperty("iops").GetDouble() > 0);
        Assert.True(report.GetProperty("bw_bytes").GetDouble() >= report.GetProperty("iops").GetDouble() * 4096);
        Assert.True(report.GetProperty("cpu_ns_per_op").GetDouble() > 0);
        Assert.True(report.GetProperty("allocated_bytes_per_op").GetDouble() >= 0);
        Assert.True(report.TryGetProperty("ios_per_enter", out _));
        JsonElement latency = report.GetProperty("lat_ns");
        double[] percentiles = [.. Percentiles.Select(name => latency.GetProperty(name).GetDouble())];
        Assert.Equal(percentiles.Order(), percentiles);
        Assert.InRange(latency.GetProperty("mean").GetDouble(), 1, percentiles[^1]);
    }

    /// <summary>No device does ten million reads a second: nearly all of them are late, and say so.</summary>
    [Theory]
    [InlineData("--driver sync")]
    [InlineData("--driver lane --iodepth 8")]
    [InlineData("--driver reactor --iodepth 8")]
    public async Task AtARate_TimesCountFromWhenARequestWasDue(string way)
    {
        using LoopDevice device = RequireLoop.Create(4 << 20);
        JsonElement late = await MeasureAsync(device.Path, [.. way.Split(' '), "--rw", "randread", "--rate", "10000000"]);
        Assert.InRange(late.GetProperty("lat_ns").GetProperty("p50").GetDouble(), 20e6, 1e12);
        Assert.Equal(10_000_000, late.GetProperty("settings").GetProperty("rate_iops").GetInt64());
    }

    [Theory]
    [InlineData("--driver sync --numjobs 3")]
    [InlineData("--driver lane --numjobs 3")]
    [InlineData("--driver reactor --numjobs 3")]
    public async Task AtARate_NoMoreAreSubmitted(string way)
    {
        using LoopDevice device = RequireLoop.Create(4 << 20);
        JsonElement run = await MeasureAsync(device.Path, [.. way.Split(' '), "--rw", "randread", "--rate", "1000"]);

        // One more for each job whose first request was due at once; a stall may move some into the measured part.
        double most = (run.GetProperty("seconds").GetDouble() + 1) * 1000;
        Assert.InRange(run.GetProperty("operations").GetDouble(), 1, most + 3);
    }

    [Theory]
    [InlineData("--driver sync")]
    [InlineData("--driver lane --iodepth 4")]
    [InlineData("--driver lane --iodepth 4 --submit thread")]
    [InlineData("--driver lane --iodepth 4 --completion await")]
    [InlineData("--driver reactor --iodepth 4")]
    public async Task Durable_WritesAreFlushed_AndOthersAreNot(string way)
    {
        RequireFault.Here();
        using FaultFile medium = FaultFile.Create(1 << 20);
        using LoopDevice device = LoopDevice.Over(medium.Path);
        await MeasureAsync(device.Path, [.. way.Split(' '), "--rw", "write", "--destroy"]);
        Assert.Equal(MediumOperations.Write, LastChange());
        await MeasureAsync(device.Path, [.. way.Split(' '), "--rw", "write", "--destroy", "--durable"]);
        Assert.Equal(MediumOperations.Flush, LastChange());

        MediumOperations LastChange() => medium.Log.Last(static request => request.Operation is MediumOperations.Write or MediumOperations.Flush).Operation;
    }

    [Fact]
    public async Task SeveralPaths_AreTheLegsOfOneWrite()
    {
        using LoopDevice first = RequireLoop.Create(1 << 20);
        using LoopDevice second = RequireLoop.Create(1 << 20);
        await MeasureAsync($"{first.Path}:{second.Path}", "--driver", "reactor", "--rw", "write", "--destroy", "--iodepth", "4");
        byte[] left = new byte[1 << 20];
        byte[] right = new byte[1 << 20];
        RandomAccess.Read(first.BackingHandle, left, 0);
        RandomAccess.Read(second.BackingHandle, right, 0);
        Assert.Contains(left, static one => one != 0);
        Assert.True(left.AsSpan().SequenceEqual(right));
    }

    [Theory]
    [MemberData(nameof(PerDeviceWays))]
    public async Task PerDevice_EachIsReadByItself_AndReported(string way)
    {
        using LoopDevice small = RequireLoop.Create(1 << 20);
        using LoopDevice large = RequireLoop.Create(4 << 20);
        JsonElement run = await MeasureAsync($"{small.Path}:{large.Path}", [.. way.Split(' '), "--rw", "randread", "--per-device"]);
        JsonElement[] devices = [.. run.GetProperty("devices").EnumerateArray()];
        Assert.Equal([1 << 20, 4 << 20], devices.Select(static device => device.GetProperty("bytes").GetInt64()));
        Assert.Equal(run.GetProperty("operations").GetInt64(), devices.Sum(static device => device.GetProperty("operations").GetInt64()));
        Assert.All(devices, static device =>
        {
            Assert.True(device.GetProperty("iops").GetDouble() > 0);
            Assert.InRange(device.GetProperty("lat_ns").GetProperty("p50").GetDouble(), 1, device.GetProperty("lat_ns").GetProperty("max").GetDouble());
        });
    }

    /// <summary>Each request of the slow device takes 50 ms at least; those of the other are not among its times.</summary>
    [Theory]
    [InlineData("--driver lane")]
    [InlineData("--driver reactor")]
    public async Task PerDevice_TheSlowOnesTimesAreItsOwn(string driver)
    {
        using FaultDevice slow = new(size: 4 << 20);
        using Fault delay = slow.File.Slow(MediumOperations.Read, TimeSpan.FromMilliseconds(50));
        using LoopDevice fast = RequireLoop.Create(4 << 20);
        JsonElement run = await MeasureAsync($"{slow.Path}:{fast.Path}", [.. driver.Split(' '), "--rw", "randread", "--per-device", "--iodepth", "2"]);
        JsonElement[] devices = [.. run.GetProperty("devices").EnumerateArray()];
        Assert.True(devices[0].GetProperty("lat_ns").GetProperty("p50").GetDouble() >= 49e6);
        Assert.True(devices[1].GetProperty("operations").GetInt64() > devices[0].GetProperty("operations").GetInt64());
        Assert.True(devices[1].GetProperty("lat_ns").GetProperty("p50").GetDouble() < 49e6);
    }

    [Fact]
    public async Task PerDevice_WritesGoToEach_AndTheTextHasALineOfEach()
    {
        using LoopDevice first = RequireLoop.Create(1 << 20);
        using LoopDevice second = RequireLoop.Create(1 << 20);
        Dmio run = await Dmio.RunAsync(
            "bench", "--filename", $"{first.Path}:{second.Path}", "--per-device", "--rw", "randwrite", "--destroy", "--runtime", "0.2", "--ramp", "0", "--iodepth", "4");
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains("depth 4 on each", run.Output, StringComparison.Ordinal);
        foreach (LoopDevice device in new[] { first, second })
        {
            byte[] content = new byte[1 << 20];
            RandomAccess.Read(device.BackingHandle, content, 0);
            Assert.Contains(content, static one => one != 0);
            Assert.Contains(run.Output.Split('\n'), line => line.StartsWith(device.Path + " ", StringComparison.Ordinal));
        }

        Assert.DoesNotContain("to each leg", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PerDevice_HasNoRateInCommon()
    {
        using LoopDevice first = RequireLoop.Create(1 << 20);
        using LoopDevice second = RequireLoop.Create(1 << 20);
        (await Dmio.RunAsync("bench", "--filename", $"{first.Path}:{second.Path}", "--per-device", "--rw", "randread", "--rate", "100"))
            .AssertRefused("--per-device with --rate_iops 100");
    }

    /// <summary>zram refuses what must not block: one at a time the engine makes the transfers itself, and more are for workers.</summary>
    [Fact]
    public async Task OnZram_InlineTransfersAndWorkers_AreTold()
    {
        if (ZramDevice.WhyUnavailable() is { } reason)
            Assert.Skip(reason);
        using ZramDevice device = ZramDevice.Create(4 << 20);
        JsonElement alone = await MeasureAsync(device.Path, "--driver", "reactor", "--rw", "randread", "--iodepth", "1");
        Assert.InRange(alone.GetProperty("inline_transfers").GetInt64(), 1, long.MaxValue);
        JsonElement deep = await MeasureAsync(device.Path, "--driver", "reactor", "--rw", "randread", "--iodepth", "128", "--batch", "32");
        Assert.InRange(deep.GetProperty("worker_entries").GetInt64(), 1, long.MaxValue);
    }

    [Fact]
    public async Task ForAPerson_WaitsForTheDevice_AreALine()
    {
        using LoopDevice device = RequireLoop.Create(4 << 20);
        Dmio run = await Dmio.RunAsync("bench", "--filename", device.Path, "--rw", "randread", "--iodepth", "512", "--runtime", "0.2", "--ramp", "0");
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        Assert.Contains("device full", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("kernel workers", run.Output, StringComparison.Ordinal);
    }

    /// <summary>A loop device takes 128 at once; without io_uring every entry is a worker's.</summary>
    [Fact]
    public async Task WaitsAndWorkers_AreOfTheMeasuredPart_AndLeftOutWhereThereAreNone()
    {
        using LoopDevice device = RequireLoop.Create(4 << 20);
        JsonElement deep = await MeasureAsync(device.Path, "--driver", "reactor", "--rw", "randread", "--iodepth", "512");
        Assert.InRange(deep.GetProperty("device_waits").GetInt64(), 1, long.MaxValue);
        Assert.False(deep.TryGetProperty("worker_entries", out _));
        Assert.False(deep.TryGetProperty("inline_transfers", out _));
        JsonElement workers = await MeasureAsync(device.Path, "--driver", "reactor", "--rw", "randread", "--iodepth", "4", "--ring", "worker");
        Assert.InRange(workers.GetProperty("worker_entries").GetInt64(), 1, long.MaxValue);
        Assert.False(workers.TryGetProperty("device_waits", out _));
    }

    [Fact]
    public async Task ADeviceThatFails_EndsTheRun_AndIsNamed()
    {
        using FaultDevice device = new(size: 4 << 20);
        using Fault fault = device.File.Fail(MediumOperations.Read, MediumError);
        Dmio run = await Dmio.RunAsync("bench", "--filename", device.Path, "--rw", "randread", "--driver", "reactor", "--runtime", "5", "--ramp", "0");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("EIO", run.Output + run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SeveralPaths_CantBeRead()
    {
        using LoopDevice first = RequireLoop.Create(1 << 20);
        using LoopDevice second = RequireLoop.Create(1 << 20);
        (await Dmio.RunAsync("bench", "--filename", $"{first.Path}:{second.Path}", "--rw", "randread")).AssertRefused("a read has one");
    }

    [Theory]
    [MemberData(nameof(NotMeantTogether))]
    public async Task WhatWouldHaveNoEffect_IsRefused(string settings, string named)
    {
        using LoopDevice device = RequireLoop.Create(1 << 20);
        RandomAccess.Write(device.BackingHandle, "something"u8, 0);
        (await Dmio.RunAsync(["bench", "--filename", device.Path, "--runtime", "0.1", "--ramp", "0", .. settings.Split(' ')])).AssertRefused(named);
    }

    [Theory]
    [InlineData("/nowhere/device", "does not exist")]
    [InlineData("/", "a directory")]
    [InlineData("/dev/null", "a character device")]
    public async Task WhatHoldsNoData_IsRefused(string path, string what) =>
        (await Dmio.RunAsync("bench", "--filename", path, "--rw", "read")).AssertRefused(path, what);

    private static async Task<JsonElement> MeasureAsync(string filename, params string[] settings)
    {
        Dmio run = await Dmio.RunAsync(["bench", "--filename", filename, "--runtime", "0.3", "--ramp", "0", .. settings, "--output-format", "json"]);
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        return DocumentSchema.Check(run.Output);
    }
}
