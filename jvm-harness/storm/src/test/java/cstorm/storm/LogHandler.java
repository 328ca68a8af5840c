package cstorm.storm;

import org.apache.storm.multilang.ShellMsg;
import org.apache.storm.task.TopologyContext;
import org.apache.storm.utils.DefaultShellLogHandler;
import org.apache.storm.utils.ShellProcess;

/** Storm's handling of log messages, overheard by the test. Storm makes one for each shell component. */
public final class LogHandler extends DefaultShellLogHandler {
    private Logs logs;
    private String component;

    @Override
    public void setUpContext(Class<?> owner, ShellProcess process, TopologyContext context) {
        super.setUpContext(owner, process, context);
        String topology = context.getStormId().replaceFirst("-\\d+-\\d+$", "");
        logs = Registry.get(topology, TestTopology.LOGS, Logs.class);
        component = context.getThisComponentId();
    }

    @Override
    public void log(ShellMsg message) {
        super.log(message);
        logs.add(component, message);
    }
}
