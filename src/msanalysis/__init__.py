"""The annual figures of the Norwegian MS Registry, from an extract."""
