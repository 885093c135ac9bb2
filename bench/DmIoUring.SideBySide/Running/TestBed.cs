using DmIoUring.ScratchDevices;
using DmIoUring.SideBySide.Contests;

namespace DmIoUring.SideBySide.Running;

/// <summary>The devices, each made when it is first asked for, every block written once; gone when this process is.</summary>
/// <param name="fuaDevice">A device with FUA, which can't be made; null for none.</param>
internal sealed class TestBed(string? fuaDevice) : IDisposable
{
    private const long Bytes = 256 << 20;
    private const int Legs = 3;
    private const string Tmpfs = "/dev/shm";
    private readonly Dictionary<Medium, string> _filenames = [];
    private readonly List<IDisposable> _devices = [];

    /// <summary>What is given to --filename.</summary>
    /// <exception cref="IOException">The kernel refused the device.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not make it.</exception>
    public string Filename(Medium medium)
    {
        if (!_filenames.TryGetValue(medium, out string? filename))
            _filenames[medium] = filename = Make(medium);
        return filename;
    }

    /// <summary>Null for a medium that can be measured on, otherwise the reason.</summary>
    public string? WhyNotOffered(Medium medium) =>
        medium == Medium.Fua && fuaDevice is null ? "no device with FUA can be made here; --fua-device names one" : null;

    public void Dispose()
    {
        foreach (IDisposable device in _devices)
            device.Dispose();
        _devices.Clear();
    }

    private string Make(Medium medium) => medium switch
    {
        Medium.None => "",
        Medium.Zram => MakeZram(),
        Medium.LoopOnTmpfs => MakeLoop(Tmpfs),
        Medium.LoopOnFile => MakeLoop(folder: null),
        Medium.ThreeLegs => string.Join(':', Enumerable.Range(0, Legs).Select(_ => MakeLoop(Tmpfs))),
        Medium.FirstLeg => Filename(Medium.ThreeLegs).Split(':')[0],
        Medium.Fua => CheckFua(fuaDevice!),
        _ => throw new ArgumentOutOfRangeException(nameof(medium), medium, "is no medium"),
    };

    private string MakeZram()
    {
        ZramDevice device = ZramDevice.Create(Bytes);
        _devices.Add(device);
        Fill(device.Path);
        return device.Path;
    }

    private string MakeLoop(string? folder)
    {
        LoopDevice device = LoopDevice.Create(Bytes, new LoopDeviceOptions { Folder = folder });
        _devices.Add(device);
        if (!device.DirectIo)
            throw new IOException($"{device.Path} over {folder ?? Path.GetTempPath()} has no direct I/O: the page cache would be measured. Set TMPDIR to another file system.");
        Fill(device.Path);
        return device.Path;
    }

    /// <summary>A cache without FUA, and none at all, would be measured under a wrong name. dmio and the peers refuse what is in use.</summary>
    private static string CheckFua(string path)
    {
        using BlockDevice device = BlockDevice.Open(path, DeviceAccess.Read);
        DeviceAbilities abilities = device.ReadAbilities();
        return abilities is { HasFua: true, HasVolatileCache: true }
            ? path
            : throw new IOException($"{path}: {(abilities.HasFua == true ? "has no volatile cache, so that nothing is to be flushed" : "has no FUA")} ({abilities.Source}).");
    }

    private static void Fill(string path)
    {
        using BlockDevice device = BlockDevice.Open(path);
        using DmIoClient client = new();
        using IoMemory memory = IoMemory.Allocate(1 << 20);
        new Random(1).NextBytes(memory.Memory.Span);
        long count = memory.Length / IoRegion.SectorSize;
        for (long sector = 0; sector < device.Size / IoRegion.SectorSize; sector += count)
        {
            IoResult result = client.Write(new IoRegion(device, sector, count), memory);
            if (!result.IsSuccess)
                throw new IOException($"{path}: {result}");
        }
    }
}
