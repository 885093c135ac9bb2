using System.Text.Json;
using DmIoUring.Cli;
using DmIoUring.CommandTests.Cli;
using DmIoUring.Peers;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.SideBySide;

public sealed class PeersTests
{
    private const int Size = 1 << 20;

    [Theory]
    [InlineData("bare", "--iodepth", "8", "--batch", "2")]
    [InlineData("bare", "--iodepth", "5", "--lat", "off")]
    [InlineData("randomaccess", "--rw", "randread", "--iodepth", "4")]
    [InlineData("randomaccess", "--rw", "write", "--destroy", "--iodepth", "1")]
    [InlineData("preadv2", "--rw", "randread")]
    [InlineData("whenall", "--destroy")]
    [InlineData("dsync", "--rw", "randwrite", "--destroy")]
    [InlineData("writeflush", "--destroy")]
    public async Task Peer_Measures_UnderTheNamesOfDmioBench(string peer, params string[] more)
    {
        using LoopDevice device = RequireLoop.Create(Size);
        Dmio run = await RunAsync([peer, "--filename", device.Path, "--ramp", "0.05", "--runtime", "0.1", "--output-format", "json", .. more]);
        Assert.True(run.ExitCode == 0, run.Errors);
        JsonElement report = DocumentSchema.Check(run.Output);
        Assert.Equal(peer, report.GetProperty("peer").GetString());
        Assert.True(report.GetProperty("iops").GetDouble() > 0);
        Assert.Equal(report.GetProperty("iops").GetDouble() * 4096, report.GetProperty("bw_bytes").GetDouble(), tolerance: 1);
        Assert.True(report.GetProperty("cpu_ns_per_op").GetDouble() > 0);
        Assert.True(report.GetProperty("allocated_bytes_per_op").GetDouble() >= 0);
        Assert.Equal(peer is "bare", report.GetProperty("ios_per_enter").ValueKind == JsonValueKind.Number);
        bool timed = !more.Contains("off");
        Assert.Equal(timed, report.TryGetProperty("lat_ns", out JsonElement latency));
        if (timed)
            Assert.All(["mean", "p50", "p99", "p99_9", "max"], name => Assert.True(latency.GetProperty(name).GetDouble() > 0));
    }

    [Fact]
    public async Task WhenAll_WritesEveryLeg()
    {
        using LoopDevice left = RequireLoop.Create(Size), right = RequireLoop.Create(Size);
        Dmio run = await RunAsync("whenall", "--filename", $"{left.Path}:{right.Path}", "--rw", "write", "--destroy", "--ramp", "0", "--runtime", "0.1");
        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.All(new[] { left, right }, static leg =>
        {
            byte[] first = new byte[4096];
            RandomAccess.Read(leg.BackingHandle, first, fileOffset: 0);
            Assert.True(first.AsSpan().ContainsAnyExcept((byte)0));
        });
    }

    [Theory]
    [InlineData("dsync")]
    [InlineData("writeflush")]
    public async Task DurablePeers_FlushAfterEachWrite(string peer)
    {
        RequireFault.Here();
        using FaultFile medium = FaultFile.Create(Size);
        using LoopDevice device = LoopDevice.Over(medium.Path);
        Dmio run = await RunAsync(peer, "--filename", device.Path, "--destroy", "--ramp", "0", "--runtime", "0.1");
        Assert.True(run.ExitCode == 0, run.Errors);
        MediumOperations[] changes =
            [.. medium.Log.Select(static request => request.Operation).Where(static one => one is MediumOperations.Write or MediumOperations.Flush)];
        Assert.Contains(MediumOperations.Write, changes);
        Assert.DoesNotContain((MediumOperations.Write, MediumOperations.Write), changes.Zip(changes.Skip(1)));
        Assert.Equal(MediumOperations.Flush, changes[^1]);
    }

    [Theory]
    [InlineData("--destroy", "randomaccess", "--rw", "write")]
    [InlineData("--destroy", "whenall")]
    [InlineData("--destroy", "dsync")]
    [InlineData("has no --rw read", "writeflush", "--rw", "read", "--destroy")]
    [InlineData("has no --rw write", "preadv2", "--rw", "write")]
    [InlineData("has no --rw read", "whenall", "--rw", "read", "--destroy")]
    [InlineData("--iodepth", "bare", "--iodepth", "8", "--batch", "9")]
    [InlineData("--bs 512", "bare", "--bs", "512")]
    [InlineData("--iodepth", "preadv2", "--iodepth", "2")]
    [InlineData("--rw", "bare", "--rw", "randread")]
    public async Task WhatAPeerCannotDo_IsRefused(string words, string peer, params string[] more)
    {
        using LoopDevice device = RequireLoop.Create(Size, new LoopDeviceOptions { BlockSize = 4096 });
        (await RunAsync([peer, "--filename", device.Path, "--runtime", "0.1", .. more])).AssertRefused(words);
    }

    [Fact]
    public async Task OneDevicePeer_OfTwoDevices_IsRefused() =>
        (await RunAsync("randomaccess", "--filename", "/dev/null:/dev/zero", "--rw", "write", "--destroy")).AssertRefused("uses one device");

    [Fact]
    public async Task NoSuchDevice_IsRefused() =>
        (await RunAsync("bare", "--filename", "/nosuch")).AssertRefused("/nosuch", "does not exist");

    [Theory]
    [InlineData("--help")]
    [InlineData("bare", "--help")]
    [InlineData("randomaccess", "--help")]
    [InlineData("preadv2", "--help")]
    [InlineData("whenall", "--help")]
    [InlineData("dsync", "--help")]
    [InlineData("writeflush", "--help")]
    public async Task Help_EndsWithZero(params string[] arguments) => Assert.Equal(0, (await RunAsync(arguments)).ExitCode);

    private static async Task<Dmio> RunAsync(params string[] arguments)
    {
        StringWriter output = new();
        StringWriter errors = new();
        Terminal terminal = Terminal.OfText(output, errors, PeerCommandLine.Program);
        int exitCode = await PeerCommandLine.RunAsync(arguments, terminal, TestContext.Current.CancellationToken);
        return new Dmio(exitCode, output.ToString(), errors.ToString());
    }
}
