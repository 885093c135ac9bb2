namespace DmIoUring.Telemetry;

/// <summary>
/// A client or a reactor as its meter sees it. It references its parts and not the client or the reactor, which would otherwise be reachable for ever.
/// </summary>
internal interface IMeteredDriver
{
    /// <summary>What it is called.</summary>
    string Name { get; }

    /// <summary>Adds what it has done. Any thread; takes no lock that a lane may wait for.</summary>
    void AddTo(DriverFigures figures);
}
