namespace DmIoUring.Cli.Stress;

/// <summary>One device of the run, with all that is known about its blocks.</summary>
internal sealed class StressLeg(int index, BlockDevice device, LegShape shape, OwnDevice? own) : IDisposable
{
    private FaultState _fault = FaultState.Whole();

    public int Index { get; } = index;

    public BlockDevice Device { get; } = device;

    public LegShape Shape { get; } = shape;

    /// <summary>Null when the user named it.</summary>
    public OwnDevice? Own { get; } = own;

    public string Path => Device.Path;

    public ClaimTable Claims { get; } = new(shape);

    public ContentMap Contents { get; } = new(shape);

    public BlockHistory History { get; } = new(shape);

    /// <summary>Whether discards are refused; learned before the run, and it must stay so.</summary>
    public bool HasNoDiscard { get; set; }

    /// <summary>Whether it was ever broken: a flush may have failed then, which leaves the device in doubt until that is acknowledged.</summary>
    public bool WasBroken { get; private set; }

    public FaultState Fault
    {
        get => Volatile.Read(ref _fault);
        set
        {
            WasBroken = true;
            Volatile.Write(ref _fault, value);
        }
    }

    /// <summary>The sectors that are in doubt may have lost nothing: only power cuts lose something here, and those are checked by themselves.</summary>
    public void AcknowledgeDoubt()
    {
        if (Device.Doubt is { } doubt)
            Device.AcknowledgeDoubt(doubt);
    }

    public void Dispose()
    {
        Device.Dispose();
        Own?.Dispose();
    }
}
