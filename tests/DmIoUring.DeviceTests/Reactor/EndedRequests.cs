namespace DmIoUring.DeviceTests.Reactor;

/// <summary>Callbacks of a reactor's requests, in the order in which they ran. The owner's thread alone.</summary>
internal sealed class EndedRequests
{
    public EndedRequests() => Notify = (result, context) =>
    {
        Results.Add(result);
        Contexts.Add(context);
    };

    public IoNotify Notify { get; }

    public List<IoResult> Results { get; } = [];

    public List<object?> Contexts { get; } = [];

    public void AssertAllWell(int count)
    {
        Assert.Equal(count, Results.Count);
        Assert.All(Results, static result => Assert.Equal(default, result));
    }
}
