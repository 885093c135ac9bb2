namespace DmIoUring.DeviceTests.Faults;

/// <summary>One xfs for a class of tests.</summary>
public sealed class XfsFolder : IDisposable
{
    private readonly Lazy<MountedFolder> _mounted = new(MountedFolder.Xfs);

    /// <summary>Made by the first test that asks, which is skipped with the reason where there is none.</summary>
    internal MountedFolder Mounted => _mounted.Value;

    public void Dispose()
    {
        if (_mounted.IsValueCreated)
            _mounted.Value.Dispose();
    }
}
