using DmIoUring.ScratchDevices;

namespace DmIoUring.Cli.Demo;

/// <summary>
/// The three devices. The middle one loses its tail after it was opened, as a volume does that somebody shrinks in use: what
/// goes past its end is failed by the kernel itself.
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
                LoopDevice middle = Add(LoopDevice.Create(size), loop => loop.Path, "loop device over a temporary file, shrunk after it was opened");
                Add(LoopDevice.Create(size), loop => loop.Path, "loop device over a temporary file");
                _cut = middle.Resize;
            }
            else
            {
                Add(ScratchFile.Create(size), file => file.Path, "temporary file");
                SealedFile middle = Add(SealedFile.Create(size), file => file.Path, "file in memory, shrunk after it was opened and sealed (F_SEAL_GROW)");
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

    public static DemoLegs Create(DemoSize size) =>
        new(size.BytesPerLeg, size.PlainFiles ? "as asked" : LoopDevice.WhyUnavailable());

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
