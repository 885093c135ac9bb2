using DmIoUring.ScratchDevices;

namespace DmIoUring.Cli.Demo;

/// <summary>
/// The three devices, the middle one with bad sectors: its backing file in memory is cut and sealed against growth behind
/// its back, so that the kernel itself fails what goes past the cut.
/// </summary>
internal sealed class DemoLegs : IDisposable
{
    private readonly List<DemoLeg> _legs = [];
    private readonly Action<long> _cut;

    private DemoLegs(long size, string? whyNoLoop)
    {
        WhyNoLoopDevices = whyNoLoop;
        try
        {
            if (whyNoLoop is null)
            {
                Add(LoopDevice.Create(size), loop => loop.Path, "loop device over a temporary file");
                LoopDevice middle = Add(
                    LoopDevice.Create(size, new LoopDeviceOptions { Sealable = true }), loop => loop.Path, "loop device over memory, cut behind its back");
                Add(LoopDevice.Create(size), loop => loop.Path, "loop device over a temporary file");
                _cut = middle.SealBacking;
            }
            else
            {
                Add(ScratchFile.Create(size), file => file.Path, "temporary file");
                SealedFile middle = Add(SealedFile.Create(size), file => file.Path, "file in memory, cut and sealed (F_SEAL_GROW)");
                Add(ScratchFile.Create(size), file => file.Path, "temporary file");
                _cut = middle.Shrink;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Null when these are real block devices.</summary>
    public string? WhyNoLoopDevices { get; }

    public IReadOnlyList<DemoLeg> All => _legs;

    public static DemoLegs Create(long size) => new(size, LoopDevice.WhyUnavailable());

    /// <summary>Makes everything past <paramref name="size"/> fail on the middle leg.</summary>
    public void CutMiddle(long size) => _cut(size);

    public void Dispose()
    {
        foreach (DemoLeg leg in _legs)
            leg.Dispose();
    }

    private T Add<T>(T owner, Func<T, string> path, string description)
        where T : IDisposable
    {
        try
        {
            _legs.Add(DemoLeg.Open(path(owner), description, owner));
            return owner;
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }
}
