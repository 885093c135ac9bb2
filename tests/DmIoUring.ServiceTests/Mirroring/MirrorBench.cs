using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>Simulated disks, a client, and a mirror on them that is opened as often as a test wants.</summary>
internal sealed class MirrorBench : IAsyncDisposable
{
    public const long Sectors = 2048;
    public const long RegionSectors = 128;

    /// <summary>A new mirror of legs that need not be equal.</summary>
    public static readonly MirrorCreateOptions WithChecksums = new() { Sectors = Sectors, RegionSectors = RegionSectors, AssumeEqual = true, Checksums = true };

    private readonly List<BlockDevice> _devices = [];
    private readonly long _diskBytes;
    private DmIoClient? _client;

    public MirrorBench(int legs, long seed = 1, SimulatedDiskOptions? disk = null, long sectors = Sectors)
    {
        _diskBytes = (sectors + 64) * IoRegion.SectorSize;
        Simulation = new StorageSimulation(seed);
        Disks = [.. Enumerable.Range(0, legs).Select(_ => AddDisk(disk))];
    }

    public StorageSimulation Simulation { get; }

    public List<SimulatedDisk> Disks { get; }

    public MirrorDevice Mirror { get; private set; } = null!;

    public List<MirrorLegChange> Changes { get; } = [];

    /// <summary>Those of a mirror that is opened, and of one that is created without others.</summary>
    public MirrorOptions Options { get; init; } = new();

    public DmIoClient Client => _client ??= Simulation.CreateClient();

    public SimulatedDisk AddDisk(SimulatedDiskOptions? options = null) => Simulation.AddDisk(_diskBytes, options ?? new SimulatedDiskOptions { TornUnit = 512 });

    public BlockDevice Open(SimulatedDisk disk) => Keep(disk.Open());

    public BlockDevice OpenForReading(SimulatedDisk disk) => Keep(disk.Open(DeviceAccess.Read));

    public Task CreateAsync(MirrorOptions? options = null, bool isEqual = true) => CreateAsync(new MirrorCreateOptions { Sectors = Sectors, RegionSectors = RegionSectors, AssumeEqual = isEqual }, options);

    public async Task CreateAsync(MirrorCreateOptions create, MirrorOptions? options = null) =>
        Mirror = await MirrorDevice.CreateAsync(Client, [.. Disks.Select(Open)], create, Complete(options ?? Options), TestContext.Current.CancellationToken);

    public Task OpenAsync(params int[] legs) => OpenAsync(null, legs);

    public async Task OpenAsync(MirrorOpenOptions? open, params int[] legs)
    {
        BlockDevice[] devices = [.. (legs.Length == 0 ? Enumerable.Range(0, Disks.Count) : legs).Select(leg => Open(Disks[leg]))];
        Mirror = await MirrorDevice.OpenAsync(Client, devices, open, Complete(Options), TestContext.Current.CancellationToken);
    }

    /// <summary>As a process that ends in order.</summary>
    public async Task CloseAsync()
    {
        await Mirror.DisposeAsync();
        CloseDevices();
    }

    /// <summary>As a machine that loses power and gets it back: nothing of the mirror is closed in order.</summary>
    public async Task CrashAsync()
    {
        if (Simulation.HasPower)
            Simulation.CutPower();
        await Mirror.DisposeAsync();
        CloseDevices();
        Simulation.RestorePower();
    }

    public MirrorLegState State(int leg) => Mirror.Legs[leg].State;

    public static byte[] Bytes(byte value, long sectors = 8)
    {
        byte[] bytes = new byte[sectors * IoRegion.SectorSize];
        Array.Fill(bytes, value);
        return bytes;
    }

    public async Task WriteAsync(long sector, byte value, long sectors = 8, IoFlags flags = IoFlags.None)
    {
        MirrorResult result = await Mirror.WriteAsync(sector, sectors, Bytes(value, sectors), flags);
        Assert.True(result.IsSuccess, result.ToString());
    }

    public async Task<byte[]> ReadAsync(long sector, long sectors = 8)
    {
        byte[] bytes = new byte[sectors * IoRegion.SectorSize];
        MirrorResult result = await Mirror.ReadAsync(sector, sectors, bytes);
        Assert.True(result.IsSuccess, result.ToString());
        return bytes;
    }

    /// <summary>The legs' data, past all faults.</summary>
    public void AssertEqual(params int[] legs)
    {
        int[] compared = legs.Length == 0 ? [.. Enumerable.Range(0, Disks.Count)] : legs;
        byte[] first = Disks[compared[0]].Read(0, Sectors);
        foreach (int leg in compared[1..])
        {
            int same = first.AsSpan().CommonPrefixLength(Disks[leg].Read(0, Sectors));
            Assert.True(same == first.Length, $"legs {compared[0]} and {leg} differ at sector {same / IoRegion.SectorSize}");
        }
    }

    public async Task<MirrorResyncResult> ResyncAsync()
    {
        MirrorResyncResult result = await Mirror.ResyncAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(result.IsComplete, result.ToString());
        return result;
    }

    public async ValueTask DisposeAsync()
    {
        Simulation.Dispose();
        if (Mirror is not null)
            await Mirror.DisposeAsync();
        CloseDevices();
    }

    private BlockDevice Keep(BlockDevice device)
    {
        _devices.Add(device);
        return device;
    }

    private void CloseDevices()
    {
        _devices.ForEach(static device => device.Dispose());
        _devices.Clear();
        _client?.Dispose();
        _client = null;
    }

    /// <summary>The log is cleaned only at the end, so that no test depends on the time.</summary>
    private MirrorOptions Complete(MirrorOptions options) => options with
    {
        CleanAfter = options.CleanAfter == new MirrorOptions().CleanAfter ? Timeout.InfiniteTimeSpan : options.CleanAfter,
        LegChanged = change =>
        {
            lock (Changes)
                Changes.Add(change);
        },
    };
}
